/**
 * Buffers for whole pieces, used again and again by all torrents: allocating and collecting one per piece costs more
 * than filling it.
 */
export class BufferPool {
  readonly #mostBytes: number
  /** by their length; the pieces of most torrents are of few lengths */
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
    if (!buffer) return Buffer.allocUnsafeSlow(length)
    this.#unusedBytes -= length
    return buffer
  }

  /** Whoever gives a buffer back must not look at it any more. */
  giveBack(buffer: Buffer): void {
    const { length } = buffer
    this.#usedBytes -= length
    if (this.#unusedBytes + length > this.#mostBytes) return
    this.#unusedBytes += length
    const unused = this.#unused.get(length)
    if (unused) unused.push(buffer)
    else this.#unused.set(length, [buffer])
  }
}
