/**
 * Buffers of one length, used again and again: allocating and collecting one per piece costs more than filling it.
 *
 * @param keptBytes - unused ones beyond this are left to the garbage collector
 */
export class BufferPool {
  readonly #length: number
  readonly #most: number
  readonly #unused: Buffer[] = []

  constructor(length: number, keptBytes: number) {
    this.#length = length
    this.#most = Math.floor(keptBytes / length)
  }

  /** A buffer of `length` bytes, not more than those of the pool, with anything in it. */
  take(length: number): Buffer {
    const whole = this.#unused.pop() ?? Buffer.allocUnsafeSlow(this.#length)
    return whole.subarray(0, length)
  }

  /** Whoever gives a buffer back must not look at it any more. */
  giveBack(buffer: Buffer): void {
    if (this.#unused.length < this.#most) this.#unused.push(Buffer.from(buffer.buffer))
  }
}
