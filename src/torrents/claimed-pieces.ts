import { open } from 'node:fs/promises'
import { filesIn, pieceHashAt, pieceLengthAt, type TorrentInfo } from '../domain/metainfo.ts'
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
    const start = piece * this.#info.pieceLength
    const bytes = Buffer.alloc(pieceLengthAt(this.#info, piece))
    for (const index of filesIn(this.#info, piece)) {
      const file = this.#info.files[index]
      if (!file || file.isPadding) continue
      const from = Math.max(start, file.offset)
      const to = Math.min(start + bytes.length, file.offset + file.length)
      await using handle = await open(this.#paths[index] ?? '', 'r')
      for (let at = from; at < to; ) {
        const { bytesRead } = await handle.read(bytes, at - start, to - at, at - file.offset)
        if (bytesRead === 0) throw new Error('the file is too short')
        at += bytesRead
      }
    }
    return bytes
  }
}
