import { createHash } from 'node:crypto'

/** What peers are asked for at a time; they refuse more than 128 KiB, and everybody asks for this (BEP 3). */
export const BLOCK_BYTES = 16 * 1024

/**
 * One piece that is being put together, in one buffer, from the blocks that several givers send in any order. Its hash
 * is computed on the way, while the blocks are still in the processor's cache.
 */
export class Assembly<Giver extends object> {
  readonly piece: number
  readonly bytes: Buffer
  readonly blockCount: number
  /** who gave each block */
  readonly givers: (Giver | undefined)[]
  /** The only one who may give blocks of it. */
  boundTo: Giver | undefined
  /** Some of it was not given by anybody, and is zeros. */
  hasZeros = false
  /** 1 for each block that has come */
  readonly #there: Uint8Array
  /** how often each block is being asked for now */
  readonly #asked: Uint8Array
  readonly #hash = createHash('sha1')
  #hashedBlocks = 0
  #missing: number
  /** no block before this one is free */
  #freeFrom = 0

  /** @param bytes - as long as the piece; may hold anything */
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

  /** How much of it is there, 0 to 1. */
  get progress(): number {
    return 1 - this.#missing / this.blockCount
  }

  /** Blocks that have not come. */
  get missing(): number {
    return this.#missing
  }

  get hasFree(): boolean {
    while (this.#freeFrom < this.blockCount && !this.#isFree(this.#freeFrom)) this.#freeFrom++
    return this.#freeFrom < this.blockCount
  }

  /** Bytes of a block; the last one of a piece may be shorter. */
  lengthOf(block: number): number {
    return Math.min(BLOCK_BYTES, this.bytes.length - block * BLOCK_BYTES)
  }

  bytesOf(block: number): Buffer {
    return this.bytes.subarray(block * BLOCK_BYTES, block * BLOCK_BYTES + this.lengthOf(block))
  }

  isThere(block: number): boolean {
    return this.#there[block] === 1
  }

  /** How many are being asked for a block now. */
  askedFor(block: number): number {
    return this.#asked[block] ?? 0
  }

  /** The first block that is not there and that nobody is asked for, which now counts as asked for. */
  takeFree(): number | undefined {
    if (!this.hasFree) return undefined
    this.ask(this.#freeFrom)
    return this.#freeFrom++
  }

  /** One more is asked for a block. */
  ask(block: number): void {
    this.#asked[block] = this.askedFor(block) + 1
  }

  /** One of those who were asked has answered, or will not. */
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

  /** Puts zeros into the blocks that have no other bytes. */
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

  /** SHA-1, once the piece is complete; can be asked for once. */
  digest(): Buffer {
    return this.#hash.digest()
  }

  #isFree(block: number): boolean {
    return this.#asked[block] === 0 && !this.isThere(block)
  }
}
