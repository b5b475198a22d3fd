import type { Stats } from 'node:fs'
import type { TorrentInfo } from '../../domain/bittorrent/metainfo.ts'
import { type FileId, fileIdOf } from '../../files/file-id.ts'
import type { ContentDisk } from './content-disk.ts'
import type { PieceMap } from './piece-map.ts'

export interface ClaimedPiecesEvents {
  /** This file is being read. */
  opened(fileIdx: number, stats: Stats): void
  /** Whether it still is the file to read. */
  isCurrent(fileIdx: number, file: FileId): boolean
  /** A piece was hashed; if it is wrong, it is missing now. */
  checked(piece: number, isRight: boolean): void
}

interface ClaimedTorrent {
  readonly info: TorrentInfo
  readonly pieces: PieceMap
}

/** Hashes claimed pieces, each once and only when it is wanted. */
export class ClaimedPieces {
  readonly #torrent: ClaimedTorrent
  readonly #disk: Pick<ContentDisk, 'isPieceRight'>
  readonly #paths: readonly string[]
  readonly #events: ClaimedPiecesEvents
  readonly #checking = new Map<number, Promise<void>>()

  /** @param paths - of the torrent's files, by index */
  constructor(
    torrent: ClaimedTorrent,
    disk: Pick<ContentDisk, 'isPieceRight'>,
    paths: readonly string[],
    events: ClaimedPiecesEvents,
  ) {
    this.#torrent = torrent
    this.#disk = disk
    this.#paths = paths
    this.#events = events
  }

  /** Resolves when the piece is verified or missing, or still claimed because a file was changed meanwhile. */
  check(piece: number): Promise<void> {
    let checking = this.#checking.get(piece)
    if (!checking) {
      checking = this.#check(piece).finally(() => this.#checking.delete(piece))
      this.#checking.set(piece, checking)
    }
    return checking
  }

  async #check(piece: number): Promise<void> {
    const { info, pieces } = this.#torrent
    const opened = new Map<number, FileId>()
    let { doubts } = pieces
    const isRight = await this.#disk
      .isPieceRight(info, this.#paths, piece, (fileIdx, stats) => {
        opened.set(fileIdx, fileIdOf(stats))
        const before = pieces.doubts
        this.#events.opened(fileIdx, stats)
        // That it is another file than before is known before its bytes are read.
        doubts += pieces.doubts - before
      })
      .catch(() => false)
    if (pieces.stateOf(piece) !== 'claimed') return
    // Another program wrote to a file while this was hashed.
    if (pieces.doubts !== doubts) return
    if (![...opened].every(([fileIdx, file]) => this.#events.isCurrent(fileIdx, file))) return
    if (isRight) pieces.markVerified([piece])
    else pieces.markMissing([piece])
    this.#events.checked(piece, isRight)
  }
}
