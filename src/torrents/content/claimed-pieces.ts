import type { TorrentInfo } from '../../domain/bittorrent/metainfo.ts'
import { type FileId, fileIdOf } from '../../files/file-id.ts'
import { isPieceRight } from '../../storage/check-piece.ts'
import type { PieceMap } from './piece-map.ts'

export interface ClaimedPiecesEvents {
  /** This file is being read. */
  opened(fileIdx: number, file: FileId): void
  /** Whether it still is the file to read. */
  isCurrent(fileIdx: number, file: FileId): boolean
  /** A piece was hashed; if it is wrong, it is missing now. */
  checked(piece: number, isRight: boolean): void
}

/** Hashes claimed pieces, each once and only when it is wanted. */
export class ClaimedPieces {
  readonly #info: TorrentInfo
  readonly #paths: readonly string[]
  readonly #pieces: PieceMap
  readonly #events: ClaimedPiecesEvents
  readonly #checking = new Map<number, Promise<void>>()

  constructor(info: TorrentInfo, paths: readonly string[], pieces: PieceMap, events: ClaimedPiecesEvents) {
    this.#info = info
    this.#paths = paths
    this.#pieces = pieces
    this.#events = events
  }

  /** Resolves when the piece is verified or missing, or still claimed because a file was replaced meanwhile. */
  check(piece: number): Promise<void> {
    let checking = this.#checking.get(piece)
    if (!checking) {
      checking = this.#check(piece).finally(() => this.#checking.delete(piece))
      this.#checking.set(piece, checking)
    }
    return checking
  }

  async #check(piece: number): Promise<void> {
    const opened = new Map<number, FileId>()
    const isRight = await isPieceRight(this.#info, this.#paths, piece, (fileIdx, stats) => {
      opened.set(fileIdx, fileIdOf(stats))
      this.#events.opened(fileIdx, fileIdOf(stats))
    }).catch(() => false)
    if (this.#pieces.stateOf(piece) !== 'claimed') return
    if (![...opened].every(([fileIdx, file]) => this.#events.isCurrent(fileIdx, file))) return
    if (isRight) this.#pieces.markVerified([piece])
    else this.#pieces.markMissing([piece])
    this.#events.checked(piece, isRight)
  }
}
