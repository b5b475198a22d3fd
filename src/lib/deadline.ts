/** Maximum of Node's timers; a longer delay would become 1 ms. */
export const MAX_TIMER_MS = 2 ** 31 - 1

/** A point in time that a wait must not exceed. Disposing of it clears the timer. */
export class Deadline implements Disposable {
  readonly #passed = new AbortController()
  readonly #timer: NodeJS.Timeout

  /** @param ms - from now; capped at 24 days */
  constructor(ms: number) {
    this.#timer = setTimeout(() => this.#passed.abort(timeOver()), Math.min(ms, MAX_TIMER_MS)).unref()
  }

  /** Aborts at the deadline. */
  get signal(): AbortSignal {
    return this.#passed.signal
  }

  get isPassed(): boolean {
    return this.#passed.signal.aborted
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
  }
}

/** Whether a signal was aborted by a {@link Deadline}, rather than by a caller who left. */
export function isTimeOver({ reason }: AbortSignal): boolean {
  return reason instanceof DOMException && reason.name === 'TimeoutError'
}

/** The same reason as that of `AbortSignal.timeout`. */
function timeOver(): DOMException {
  return new DOMException('the time is over', 'TimeoutError')
}
