import { createHash } from 'node:crypto'

/** Length of a request: peers refuse more than 128 KiB, and all clients use 16 KiB (BEP 3). */
export const BLOCK_BYTES = 16 * 1024

/**
 * One piece that is being assembled in one buffer, from blocks of several givers in any order. Its hash is computed as it
 * grows, while the blocks are still in the processor's cache.
 */
export class Assembly<Giver extends object> {
  readonly piece: number
  readonly bytes: Buffer
  readonly blockCount: number
  /** who gave each block */
  readonly givers: (Giver | undefined)[]
  /** the only giver that may send blocks of it */
  boundTo: Giver | undefined
  /** Part of it is padding, filled with zeros. */
  hasZeros = false
  /** 1 for each block that has arrived */
  readonly #there: Uint8Array
  /** number of open requests for each block */
  readonly #asked: Uint8Array
  readonly #hash = createHash('sha1')
  #hashedBlocks = 0
  #missing: number
  /** no block before this one is free */
  #freeFrom = 0

  /** @param bytes - as long as the piece; may be uninitialised */
  constructor(piece: number, bytes: Buffer) {
    this.piece = piece
    this.bytes = bytes
    this.blockCount = Math.ceil(bytes.length / BLOCK_BYTES)
    this.givers = new Array(this.blockCount)
    this.#there = new Uint8Array(this.blockCount)
    this.#asked = new Uint8Array(this.blockCount)
    this.#missing = this.blockCount
  }

  get isComplete(): boolean {
    return this.#missing === 0
  }

  /** Received share, 0 to 1. */
  get progress(): number {
    return 1 - this.#missing / this.blockCount
  }

  /** Missing blocks. */
  get missing(): number {
    return this.#missing
  }

  get hasFree(): boolean {
    while (this.#freeFrom < this.blockCount && !this.#isFree(this.#freeFrom)) this.#freeFrom++
    return this.#freeFrom < this.blockCount
  }

  /** Length of a block in bytes; the last one of a piece may be shorter. */
  lengthOf(block: number): number {
    return Math.min(BLOCK_BYTES, this.bytes.length - block * BLOCK_BYTES)
  }

  bytesOf(block: number): Buffer {
    return this.bytes.subarray(block * BLOCK_BYTES, block * BLOCK_BYTES + this.lengthOf(block))
  }

  isThere(block: number): boolean {
    return this.#there[block] === 1
  }

  /** Open requests for a block. */
  askedFor(block: number): number {
    return this.#asked[block] ?? 0
  }

  /** Takes the first missing block without an open request; it counts as requested from now on. */
  takeFree(): number | undefined {
    if (!this.hasFree) return undefined
    this.ask(this.#freeFrom)
    return this.#freeFrom++
  }

  /** Counts one more request for a block. */
  ask(block: number): void {
    this.#asked[block] = this.askedFor(block) + 1
  }

  /** A request for a block was answered, or will not be. */
  unask(block: number): void {
    this.#asked[block] = this.askedFor(block) - 1
    if (this.#isFree(block)) this.#freeFrom = Math.min(this.#freeFrom, block)
  }

  /** @param chunk - exactly {@link lengthOf} the block */
  put(block: number, chunk: Uint8Array, giver: Giver): void {
    if (this.isThere(block)) return
    this.bytes.set(chunk, block * BLOCK_BYTES)
    this.givers[block] = giver
    this.#onThere(block)
  }

  /** Fills padding with zeros; blocks that are all padding count as received. */
  fillZeros({ offset, length }: { readonly offset: number; readonly length: number }): void {
    const first = Math.ceil(offset / BLOCK_BYTES)
    for (let block = first; block < this.blockCount; block++) {
      if (block * BLOCK_BYTES + this.lengthOf(block) > offset + length) return
      if (this.isThere(block)) continue
      this.bytesOf(block).fill(0)
      this.hasZeros = true
      this.#onThere(block)
    }
  }

  #onThere(block: number): void {
    this.#there[block] = 1
    this.#missing--
    while (this.#hashedBlocks < this.blockCount && this.isThere(this.#hashedBlocks)) {
      this.#hash.update(this.bytesOf(this.#hashedBlocks++))
    }
  }

  /** SHA-1 of the complete piece; can be called once. */
  digest(): Buffer {
    return this.#hash.digest()
  }

  #isFree(block: number): boolean {
    return this.#asked[block] === 0 && !this.isThere(block)
  }
}
