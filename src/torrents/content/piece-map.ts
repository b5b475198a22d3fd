import { piecesIn, writeBitfield } from '../../domain/bittorrent/bitfield.ts'
import { Waiters } from '../../lib/waiters.ts'

/**
 * `claimed`: the piece is said to be on disk, by an earlier run or before the file was changed. Its bytes must be hashed
 * again before they are sent.
 */
export type PieceState = 'missing' | 'claimed' | 'verified'

const STATES: readonly PieceState[] = ['missing', 'claimed', 'verified']
const MISSING = 0
const CLAIMED = 1
const VERIFIED = 2

/** The state of every piece of a torrent, and waiting for missing ones. */
export class PieceMap {
  readonly #states: Uint8Array
  readonly #waiters = new Map<number, Waiters>()
  #failure: { readonly error: unknown } | undefined
  #doubts = 0

  constructor(pieceCount: number, claimed: Uint8Array = new Uint8Array()) {
    this.#states = new Uint8Array(pieceCount)
    for (const piece of piecesIn(claimed, pieceCount)) this.#states[piece] = CLAIMED
  }

  /** How often a change of the files was suspected: a piece that was read before the last time may be different now. */
  get doubts(): number {
    return this.#doubts
  }

  stateOf(piece: number): PieceState {
    return STATES[this.#states[piece] ?? MISSING] ?? 'missing'
  }

  isMissing(piece: number): boolean {
    return this.#states[piece] === MISSING
  }

  /** Whether a piece from `first` to `last`, inclusive, is missing; quicker than to count them. */
  anyMissing(first: number, last: number): boolean {
    const missing = this.#states.indexOf(MISSING, first)
    return missing !== -1 && missing <= last
  }

  /** Whether a piece from `first` to `last`, inclusive, is not missing. */
  anyThere(first: number, last: number): boolean {
    return [VERIFIED, CLAIMED].some((state) => {
      const there = this.#states.indexOf(state, first)
      return there !== -1 && there <= last
    })
  }

  /** How many pieces from `first` to `last`, inclusive, are in a state. */
  count(state: PieceState, first: number, last: number): number {
    const code = STATES.indexOf(state)
    let count = 0
    for (let piece = first; piece <= last; piece++) if (this.#states[piece] === code) count++
    return count
  }

  markVerified(pieces: Iterable<number>): void {
    for (const piece of pieces) this.#mark(piece, VERIFIED)
  }

  /** Verified no longer: the file was changed. */
  markClaimed(pieces: Iterable<number>): void {
    this.#doubts++
    for (const piece of pieces) this.#mark(piece, CLAIMED)
  }

  /** Verified pieces from `first` to `last`, inclusive, are verified no longer. */
  claimVerified(first: number, last: number): void {
    this.#doubts++
    for (let piece = first; piece <= last; piece++)
      if (this.#states[piece] === VERIFIED) this.#states[piece] = CLAIMED
  }

  markMissing(pieces: Iterable<number>): void {
    for (const piece of pieces) this.#mark(piece, MISSING)
  }

  /** Resolves as soon as the piece is not missing. */
  async whenThere(piece: number, signal: AbortSignal): Promise<void> {
    if (!this.isMissing(piece)) return
    if (this.#failure) throw this.#failure.error
    const waiters = this.#waiters.get(piece) ?? new Waiters()
    this.#waiters.set(piece, waiters)
    try {
      await waiters.wait(signal)
    } finally {
      if (waiters.count === 0 && this.#waiters.get(piece) === waiters) this.#waiters.delete(piece)
    }
  }

  /** Missing pieces will not come now: all who wait for one get the error. */
  failWaiters(error: unknown): void {
    for (const waiters of this.#waiters.values()) waiters.failAll(error)
  }

  /** Missing pieces will never come: all who wait for one, now or later, get the error. */
  fail(error: unknown): void {
    this.#failure = { error }
    this.failWaiters(error)
  }

  /** A bit for each piece that is not missing. */
  toBitfield(): Uint8Array {
    return writeBitfield(this.#states.length, (piece) => !this.isMissing(piece))
  }

  #mark(piece: number, state: number): void {
    if (piece >= this.#states.length) return
    this.#states[piece] = state
    if (state !== MISSING) this.#waiters.get(piece)?.wakeAll()
  }
}
