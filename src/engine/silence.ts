/** Checks in a span of silence; the span is exact to the time between two of them. */
const LOOKS = 15

/**
 * Detects that another process is silent, counted in turns of our own event loop. After this process was busy, timers run
 * before messages that have arrived meanwhile are read, so a clock would count that time as silence.
 *
 * @param ms - length of the silence; longer if this process is busy
 * @param onSilent - called once
 */
export function whenSilent(ms: number, onSilent: () => void): { heard(): void } & Disposable {
  let silentLooks = 0
  let looking: NodeJS.Immediate | undefined
  const timer = setInterval(() => {
    // Arrived messages are read after the timers of a turn and before this.
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
