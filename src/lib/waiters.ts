interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** A set of waiters for one event; each can give up at any time. */
export class Waiters {
  readonly #waiting = new Set<Waiter>()

  get count(): number {
    return this.#waiting.size
  }

  /** @throws the signal's reason when it aborts first, or what {@link failAll} was given */
  async wait(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiter = { resolve, reject }
    const giveUp = () => reject(signal.reason)
    this.#waiting.add(waiter)
    signal.addEventListener('abort', giveUp, { once: true })
    try {
      await promise
    } finally {
      this.#waiting.delete(waiter)
      signal.removeEventListener('abort', giveUp)
    }
  }

  /**
   * Yields as often as `isDue` says so, asked after each wake-up. Ends when the signal has aborted and nothing is due; never
   * throws.
   *
   * @param isDue - must become false by what the consumer does
   */
  async *whenever(isDue: () => boolean, signal: AbortSignal): AsyncGenerator<void> {
    for (;;) {
      if (isDue()) yield
      else if (signal.aborted) return
      else await this.wait(signal).catch(() => undefined)
    }
  }

  wakeAll(): void {
    for (const { resolve } of this.#waiting) resolve()
  }

  failAll(error: unknown): void {
    for (const { reject } of this.#waiting) reject(error)
  }
}
