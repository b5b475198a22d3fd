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

const waiting: (() => void)[] = []

/**
 * Does it bit by bit, so that requests are answered in between: for work whose amount strangers decide. Works that last
 * take turns with each other, so that many of them at once hold up requests no longer than one.
 */
export async function inTurns<T>(work: Work<T>): Promise<T> {
  for (;;) {
    const endAt = performance.now() + TURN_MS
    do {
      const step = work.next()
      if (step.done) return step.value
    } while (performance.now() < endAt)
    await nextTurn()
  }
}

/** Resolves when the event loop has gone round, for one work each time. */
function nextTurn(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (waiting.push(resolve) === 1) setImmediate(letOneGoOn)
  return promise
}

function letOneGoOn(): void {
  waiting.shift()?.()
  if (waiting.length > 0) setImmediate(letOneGoOn)
}
