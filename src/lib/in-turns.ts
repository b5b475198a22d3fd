/** Work that can be interrupted at every `yield`. */
export type Work<T> = Generator<undefined, T>

/** Maximum time per turn of the event loop; a request waits no longer than this. */
const TURN_MS = 10

/** Runs the work without interruption. */
export function atOnce<T>(work: Work<T>): T {
  for (;;) {
    const step = work.next()
    if (step.done) return step.value
  }
}

const waiting: (() => void)[] = []

/**
 * Runs work in small steps, between which requests are answered: for work whose amount strangers decide. Several such
 * jobs alternate, so that together they delay a request no longer than one.
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

/** Resolves in a later turn of the event loop; one job per turn. */
function nextTurn(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (waiting.push(resolve) === 1) setImmediate(letOneGoOn)
  return promise
}

function letOneGoOn(): void {
  waiting.shift()?.()
  if (waiting.length > 0) setImmediate(letOneGoOn)
}
