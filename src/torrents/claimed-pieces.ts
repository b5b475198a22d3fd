import { open } from 'node:fs/promises'
import { pieceHashAt, pieceLengthAt, type TorrentInfo } from '../domain/metainfo.ts'
import { segmentsOf } from '../domain/segments.ts'
import { readAll } from '../files/read-all.ts'
import type { PieceMap } from './piece-map.ts'

/**
 * Looks at pieces that an earlier run left, each once and only when somebody wants it. Hashing is done off the main
 * thread (WebCrypto).
 */
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
    const bytes = await this.#read(piece).catch(() => undefined)
    const hash = bytes && Buffer.from(await crypto.subtle.digest('SHA-1', bytes))
    if (this.#pieces.stateOf(piece) !== 'claimed') return
    const isRight = hash?.equals(pieceHashAt(this.#info, piece)) === true
    if (isRight) this.#pieces.markVerified([piece])
    else this.#pieces.markMissing([piece])
    this.#onChecked(piece, isRight)
  }

  async #read(piece: number): Promise<Buffer<ArrayBuffer>> {
    const bytes = Buffer.alloc(pieceLengthAt(this.#info, piece))
    for (const { file, position, offset, length } of segmentsOf(this.#info, piece)) {
      if (this.#info.files[file]?.isPadding) continue
      await using handle = await open(this.#paths[file] ?? '', 'r')
      await readAll(handle, bytes.subarray(offset, offset + length), position)
    }
    return bytes
  }
}
