/**
 * Reuses buffers for pieces and slices: allocating and collecting them costs more than filling them.
 */
export class BufferPool {
  readonly #mostBytes: number
  /** by length; there are few lengths */
  readonly #unused = new Map<number, Buffer[]>()
  #unusedBytes = 0
  #usedBytes = 0

  /** @param mostBytes - unused buffers beyond this are left to the garbage collector */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  /** Total size of the buffers in use. */
  get usedBytes(): number {
    return this.#usedBytes
  }

  /** A buffer of `length` bytes with arbitrary content. */
  take(length: number): Buffer {
    this.#usedBytes += length
    const buffer = this.#unused.get(length)?.pop()
    // Not from Node's pool, where small buffers share one allocation.
    if (!buffer) return Buffer.allocUnsafeSlow(length)
    this.#unusedBytes -= length
    return buffer
  }

  /**
   * Only for a buffer that neither the disk nor a socket uses any more.
   *
   * @returns whether it is kept for reuse
   */
  giveBack(buffer: Buffer): boolean {
    const { length } = buffer
    this.#usedBytes -= length
    if (this.#unusedBytes + length > this.#mostBytes) return false
    this.#unusedBytes += length
    const unused = this.#unused.get(length)
    if (unused) unused.push(buffer)
    else this.#unused.set(length, [buffer])
    return true
  }
}
