/** Work that can be interrupted at every `yield`. */
export type Work<T> = Generator<undefined, T>

/** So long one turn of the event loop may take; a request that comes meanwhile waits no longer. */
const TURN_MS = 10

/** Does all of it before anything else happens. */
export function atOnce<T>(work: Work<T>): T {
  for (;;) {
    const step = work.next()
    if (step.done) return step.value
  }
}

/** Does it bit by bit, so that requests are answered in between: for work whose amount strangers decide. */
export async function inTurns<T>(work: Work<T>): Promise<T> {
  for (;;) {
    const endAt = performance.now() + TURN_MS
    do {
      const step = work.next()
      if (step.done) return step.value
    } while (performance.now() < endAt)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
