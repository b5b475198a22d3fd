import type { TorrentInfo } from '../domain/metainfo.ts'
import { isPieceRight } from '../files/check-piece.ts'
import type { PieceMap } from './piece-map.ts'

/** Looks at pieces that an earlier run left, each once and only when somebody wants it. */
export class ClaimedPieces {
  readonly #info: TorrentInfo
  readonly #paths: readonly string[]
  readonly #pieces: PieceMap
  readonly #onChecked: (piece: number, isRight: boolean) => void
  readonly #checking = new Map<number, Promise<void>>()

  /** @param onChecked - told of every piece that was looked at; one that is not right is missing from now on */
  constructor(
    info: TorrentInfo,
    paths: readonly string[],
    pieces: PieceMap,
    onChecked: (piece: number, isRight: boolean) => void,
  ) {
    this.#info = info
    this.#paths = paths
    this.#pieces = pieces
    this.#onChecked = onChecked
  }

  /** Resolves when the piece is verified or missing. */
  check(piece: number): Promise<void> {
    let checking = this.#checking.get(piece)
    if (!checking) {
      checking = this.#check(piece).finally(() => this.#checking.delete(piece))
      this.#checking.set(piece, checking)
    }
    return checking
  }

  async #check(piece: number): Promise<void> {
    const isRight = await isPieceRight(this.#info, this.#paths, piece).catch(() => false)
    if (this.#pieces.stateOf(piece) !== 'claimed') return
    if (isRight) this.#pieces.markVerified([piece])
    else this.#pieces.markMissing([piece])
    this.#onChecked(piece, isRight)
  }
}
