/**
 * Buffers that are used again and again, each for one piece or one slice of a film: allocating and collecting them costs
 * more than filling them.
 */
export class BufferPool {
  readonly #mostBytes: number
  /** by their length, of which there are few */
  readonly #unused = new Map<number, Buffer[]>()
  #unusedBytes = 0
  #usedBytes = 0

  /** @param mostBytes - unused ones beyond this are left to the garbage collector */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  /** Bytes of the buffers that were taken and not given back. */
  get usedBytes(): number {
    return this.#usedBytes
  }

  /** A buffer of `length` bytes with anything in it. */
  take(length: number): Buffer {
    this.#usedBytes += length
    const buffer = this.#unused.get(length)?.pop()
    // Not from Node's own pool, whose pieces hold on to each other.
    if (!buffer) return Buffer.allocUnsafeSlow(length)
    this.#unusedBytes -= length
    return buffer
  }

  /**
   * Only for a buffer that nobody reads from or writes to any more: neither the disk, nor a socket.
   *
   * @returns whether it is kept for the next user
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
