import { type FileHandle, open, stat } from 'node:fs/promises'
import { messageOf, SelfStremeError } from '../domain/errors.ts'
import { piecesOf, type TorrentFile, type TorrentInfo } from '../domain/metainfo.ts'
import type { Log } from '../observe/log.ts'
import { ClaimedPieces } from './claimed-pieces.ts'
import { PieceMap } from './piece-map.ts'
import { type FolderState, type FoundFolder, filePaths, saveBits, saveState } from './torrent-folder.ts'

export interface ContentEvents {
  /** The bytes of a piece on disk are not what they were claimed to be. */
  damaged(piece: number): void
  /** A file is no longer in the folder; what the engine writes into it now would be lost. */
  lost(): void
  /** Nothing is missing of a file any more, and it is safe on disk. */
  whole(fileIdx: number): void
}

/** What there is of a torrent whose metadata is known: its files on disk, which of their pieces are right, what is whole. */
export class TorrentContent {
  readonly info: TorrentInfo
  readonly pieces: PieceMap
  readonly claimed: ClaimedPieces
  readonly #directory: string
  readonly #paths: readonly string[]
  readonly #state: FolderState
  readonly #events: ContentEvents
  readonly #log: Log
  /** files written to since the state was last saved */
  readonly #written = new Set<number>()
  readonly #completing = new Set<number>()
  #isChanged = false
  #saving: Promise<void> = Promise.resolve()

  constructor(found: FoundFolder, events: ContentEvents, log: Log) {
    this.info = found.info
    this.#directory = found.directory
    this.#paths = filePaths(found.directory, found.info)
    this.#state = found.state
    this.#events = events
    this.#log = log
    this.pieces = new PieceMap(found.info.pieceCount, found.claimed)
    this.claimed = new ClaimedPieces(found.info, this.#paths, this.pieces, (piece) => {
      log.warn('a piece on disk is damaged, it is fetched again', { directory: found.directory, piece })
      for (const file of this.#filesOf(piece)) delete this.#state.whole[file]
      events.damaged(piece)
    })
  }

  file(fileIdx: number): TorrentFile {
    const file = this.info.files[fileIdx]
    if (!file) throw new Error(`${this.info.name} has no file ${fileIdx}`)
    return file
  }

  /** What reading a file takes. */
  parts(fileIdx: number) {
    return { info: this.info, file: this.file(fileIdx), pieces: this.pieces, claimed: this.claimed }
  }

  pathOf(fileIdx: number): string {
    return this.#paths[fileIdx] ?? ''
  }

  /** How many pieces of a file are missing, and how many it has. */
  missingIn(fileIdx: number): { missing: number; of: number } {
    const { first, last } = piecesOf(this.info, this.file(fileIdx))
    return { missing: this.pieces.count('missing', first, last), of: last - first + 1 }
  }

  /** Whether a file was whole when it was last looked at. */
  wasWhole(fileIdx: number): boolean {
    return this.#state.whole[fileIdx] !== undefined
  }

  /** Whether a file is whole on disk. One that was touched since it became so is looked at again, piece by piece. */
  async isWhole(fileIdx: number): Promise<boolean> {
    const whole = this.#state.whole[fileIdx]
    if (!whole) {
      // An earlier run may have left it so without saying it, or it was touched and put right since.
      this.completeIfWhole(fileIdx)
      return false
    }
    const file = await stat(this.pathOf(fileIdx)).catch(() => undefined)
    if (file?.size === whole.size && file.mtimeMs === whole.mtimeMs) return true
    this.#log.warn('a file was changed on disk, its pieces are checked again', { path: this.pathOf(fileIdx) })
    this.#doubt(fileIdx, file !== undefined)
    this.completeIfWhole(fileIdx)
    return false
  }

  async open(fileIdx: number): Promise<FileHandle> {
    try {
      return await open(this.pathOf(fileIdx))
    } catch (cause) {
      this.#doubt(fileIdx, false)
      throw new SelfStremeError('media.damaged', `${this.pathOf(fileIdx)} cannot be opened`, { cause })
    }
  }

  /** The engine has written these pieces. */
  markVerified(pieces: readonly number[]): void {
    for (const piece of pieces) {
      if (!this.pieces.isMissing(piece)) continue
      for (const file of this.#filesOf(piece)) this.#written.add(file)
      this.#isChanged = true
    }
    this.pieces.markVerified(pieces)
  }

  /** If nothing is missing of a file, looks at what was only claimed, brings it to the disk and calls it whole. */
  completeIfWhole(fileIdx: number): void {
    if (this.wasWhole(fileIdx) || this.#completing.has(fileIdx) || this.missingIn(fileIdx).missing > 0) return
    this.#completing.add(fileIdx)
    this.#complete(fileIdx)
      .catch((error: unknown) =>
        this.#log.warn('a whole file cannot be kept', {
          path: this.pathOf(fileIdx),
          reason: messageOf(error),
        }),
      )
      .finally(() => this.#completing.delete(fileIdx))
  }

  /** Writes down what is on disk, and when it was last read, if that has changed. */
  save(lastReadAt: number): Promise<void> {
    this.#saving = this.#saving.then(() => this.#save(lastReadAt))
    return this.#saving
  }

  async #complete(fileIdx: number): Promise<void> {
    const { first, last } = piecesOf(this.info, this.file(fileIdx))
    const before = await stat(this.pathOf(fileIdx))
    const claimed = this.pieces.count('claimed', first, last)
    for (let piece = first; piece <= last; piece++) {
      if (this.pieces.stateOf(piece) === 'claimed') await this.claimed.check(piece)
    }
    if (this.pieces.count('verified', first, last) <= last - first) return
    const file = await stat(this.pathOf(fileIdx))
    // Somebody wrote to it while it was being looked at.
    if (claimed > 0 && file.mtimeMs !== before.mtimeMs) return this.#doubt(fileIdx, true)

    this.#state.whole[fileIdx] = { size: file.size, mtimeMs: file.mtimeMs }
    this.#isChanged = true
    await this.save(this.#state.lastReadAt)
    if (this.wasWhole(fileIdx)) this.#events.whole(fileIdx)
  }

  /** What we know of a file no longer holds: somebody changed it, or took it away. */
  #doubt(fileIdx: number, isThere: boolean): void {
    delete this.#state.whole[fileIdx]
    this.#isChanged = true
    const { first, last } = piecesOf(this.info, this.file(fileIdx))
    const all = Array.from({ length: last - first + 1 }, (_, index) => first + index)
    const doubted = all.filter((piece) => !this.pieces.isMissing(piece))
    if (isThere) return this.pieces.markClaimed(doubted)
    this.pieces.markMissing(doubted)
    this.#events.lost()
  }

  async #save(lastReadAt: number): Promise<void> {
    if (!this.#isChanged && this.#state.lastReadAt === lastReadAt) return
    this.#isChanged = false
    const written = [...this.#written]
    this.#written.clear()
    this.#state.lastReadAt = Math.max(lastReadAt, this.#state.lastReadAt)
    try {
      // The bits are taken first: a piece that comes during the sync is for the next time.
      const bits = this.pieces.toBitfield()
      if (written.length > 0)
        await saveBits(
          this.#directory,
          written.map((file) => this.pathOf(file)),
          bits,
        )
      await saveState(this.#directory, this.#state)
    } catch (error) {
      this.#isChanged = true
      for (const file of written) this.#written.add(file)
      this.#log.warn('state of a torrent not saved', { directory: this.#directory, reason: messageOf(error) })
    }
  }

  #filesOf(piece: number): number[] {
    const start = piece * this.info.pieceLength
    const end = start + this.info.pieceLength
    return this.info.files.flatMap(({ offset, length }, index) =>
      offset < end && offset + length > start ? [index] : [],
    )
  }
}
