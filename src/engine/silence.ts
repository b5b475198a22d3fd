/** How many looks a span of silence takes: one may come too early by the time between two of them. */
const LOOKS = 15

/**
 * Notices that another process says nothing, by turns of our own event loop: silence counts only where we were there to
 * listen. After this process was busy, timers come before the messages that have arrived meanwhile; a clock would say
 * that the other has been silent all the time.
 *
 * @param ms - silence of so long; more, where this process is busy
 * @param onSilent - called once
 */
export function whenSilent(ms: number, onSilent: () => void): { heard(): void } & Disposable {
  let silentLooks = 0
  let looking: NodeJS.Immediate | undefined
  const timer = setInterval(() => {
    // Messages that have arrived are read between the timers of a turn and this.
    looking ??= setImmediate(look)
  }, ms / LOOKS).unref()

  function look(): void {
    looking = undefined
    if (++silentLooks < LOOKS) return
    stop()
    onSilent()
  }

  function stop(): void {
    clearInterval(timer)
    clearImmediate(looking)
  }

  return {
    heard() {
      silentLooks = 0
      clearImmediate(looking)
      looking = undefined
    },
    [Symbol.dispose]: stop,
  }
}
