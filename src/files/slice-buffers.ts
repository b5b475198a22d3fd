const SMALLEST = 64 * 1024
/** What is kept for the next viewer; more than this goes back to the system. */
const MOST_SPARE_BYTES = 8 * 1024 * 1024

/** The longest slice there is a buffer for. */
export const LONGEST_SLICE = 512 * 1024

/** Buffers that are used again: a film goes through a few of them, and leaves nothing behind for the collector. */
export class SliceBuffers {
  /** by length */
  readonly #spare = new Map<number, Buffer[]>()
  #spareBytes = 0

  /**
   * @param bytes - at most {@link LONGEST_SLICE}
   * @returns a buffer of at least that length, with anything in it
   */
  take(bytes: number): Buffer {
    let length = SMALLEST
    while (length < bytes) length *= 2
    const spare = this.#spare.get(length)?.pop()
    if (spare) this.#spareBytes -= length
    // Not from Node's own pool, whose pieces hold on to each other.
    return spare ?? Buffer.allocUnsafeSlow(length)
  }

  /** Only for a buffer that nobody reads from or writes to any more: neither the disk, nor a socket. */
  giveBack(buffer: Buffer): void {
    if (this.#spareBytes + buffer.length > MOST_SPARE_BYTES) return
    const spare = this.#spare.get(buffer.length) ?? []
    this.#spare.set(buffer.length, spare)
    spare.push(buffer)
    this.#spareBytes += buffer.length
  }
}
