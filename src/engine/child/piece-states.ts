const MISSING = 0
const CLAIMED = 1
const VERIFIED = 2

/** What is known of each piece of a torrent: missing, claimed by an earlier run, or verified in this one. */
export class PieceStates {
  readonly #states: Uint8Array

  constructor(pieceCount: number, claimed: Iterable<number>) {
    this.#states = new Uint8Array(pieceCount)
    for (const piece of claimed) this.#states[piece] = CLAIMED
  }

  /** Claimed or verified. */
  isThere(piece: number): boolean {
    return this.#states[piece] !== undefined && this.#states[piece] !== MISSING
  }

  isClaimed(piece: number): boolean {
    return this.#states[piece] === CLAIMED
  }

  isVerified(piece: number): boolean {
    return this.#states[piece] === VERIFIED
  }

  verify(piece: number): void {
    this.#states[piece] = VERIFIED
  }

  forget(piece: number): void {
    this.#states[piece] = MISSING
  }

  /** Verified pieces are claimed again. */
  doubt(first = 0, last = this.#states.length - 1): void {
    for (let piece = first; piece <= last; piece++) if (this.isVerified(piece)) this.#states[piece] = CLAIMED
  }

  /** @returns those that were there */
  forgetAll(first: number, last: number): number[] {
    const gone: number[] = []
    for (let piece = first; piece <= last; piece++) {
      if (!this.isThere(piece)) continue
      this.forget(piece)
      gone.push(piece)
    }
    return gone
  }
}
