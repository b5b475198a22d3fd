interface Waiting {
  readonly bytes: number
  readonly enter: () => void
}

/**
 * Bounds how many bytes are worked on at a time. Work beyond the limit queues in order, so that small jobs cannot
 * starve a large one.
 */
export class ByteGate {
  readonly #maxBytes: number
  readonly #waiting: Waiting[] = []
  #usedBytes = 0

  /** @param maxBytes - a larger job runs alone */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Bytes being worked on now. */
  get usedBytes(): number {
    return this.#usedBytes
  }

  /** Runs `work` when its bytes fit; returns its result. */
  async run<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    if (this.#waiting.length > 0 || !this.#fits(bytes)) {
      await new Promise<void>((enter) => this.#waiting.push({ bytes, enter }))
    } else this.#usedBytes += bytes
    try {
      return await work()
    } finally {
      this.#usedBytes -= bytes
      this.#admit()
    }
  }

  #fits(bytes: number): boolean {
    return this.#usedBytes === 0 || this.#usedBytes + bytes <= this.#maxBytes
  }

  #admit(): void {
    for (;;) {
      const [next] = this.#waiting
      if (!next || !this.#fits(next.bytes)) return
      this.#waiting.shift()
      this.#usedBytes += next.bytes
      next.enter()
    }
  }
}
