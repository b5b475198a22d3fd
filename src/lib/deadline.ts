/** What Node's timers can count; a longer wait would become one of 1 ms. */
export const MAX_TIMER_MS = 2 ** 31 - 1

/** A point in time that a wait must not go beyond. Disposing of it stops the clock. */
export class Deadline implements Disposable {
  readonly #passed = new AbortController()
  readonly #timer: NodeJS.Timeout

  /** @param ms - from now; any number, the longest wait is 24 days */
  constructor(ms: number) {
    this.#timer = setTimeout(() => this.#passed.abort(timeOver()), Math.min(ms, MAX_TIMER_MS)).unref()
  }

  /** Aborts when the time has come. */
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

/** Whether a signal has aborted because of a {@link Deadline}, and not because somebody left. */
export function isTimeOver({ reason }: AbortSignal): boolean {
  return reason instanceof DOMException && reason.name === 'TimeoutError'
}

/** The reason that `AbortSignal.timeout` gives, too. */
function timeOver(): DOMException {
  return new DOMException('the time is over', 'TimeoutError')
}
