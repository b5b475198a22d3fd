interface Waiting {
  readonly bytes: number
  readonly enter: () => void
}

/**
 * Bounds how many bytes are worked on at a time. Work beyond the bound waits for its turn, first come, first served, so
 * that large work is not passed over forever by small work.
 */
export class ByteGate {
  readonly #maxBytes: number
  readonly #waiting: Waiting[] = []
  #usedBytes = 0

  /** @param maxBytes - work that takes more than that is done by itself */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** Bytes of the work that is being done now. */
  get usedBytes(): number {
    return this.#usedBytes
  }

  /** Does `work` as soon as there is room for its bytes; returns what it returns. */
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
