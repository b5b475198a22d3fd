import type { Stats } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import type { InfoHash } from '../../domain/bittorrent/info-hash.ts'
import {
  pieceLengthAt,
  piecesOf,
  type TorrentFile,
  type TorrentInfo,
} from '../../domain/bittorrent/metainfo.ts'
import { filesIn } from '../../domain/bittorrent/segments.ts'
import { messageOf, SelfStremeError } from '../../domain/errors.ts'
import { type FileId, fileIdOf } from '../../files/file-id.ts'
import { statIfThere } from '../../files/if-there.ts'
import { type OpenFile, OpenFiles } from '../../files/open-files.ts'
import { isUnchanged } from '../../files/same-file.ts'
import type { Log } from '../../observe/log.ts'
import { type Contents, contentsOf } from '../../storage/contents.ts'
import type { FolderState, FoundFolder } from '../../storage/folder-state.ts'
import { bytesOnDisk, filePaths } from '../../storage/torrent-folder.ts'
import { ClaimedPieces } from './claimed-pieces.ts'
import { PieceMap } from './piece-map.ts'
import { HeldFile } from './reader-handle.ts'
import { TorrentJournal } from './torrent-journal.ts'
import { TrustedFiles } from './trusted-files.ts'

export interface ContentEvents {
  /** The bytes of a piece on disk are not what they were claimed to be. */
  damaged(piece: number): void
  /** The engine writes to a file that is no longer in the folder: what it writes is lost. */
  lost(): void
  /** Nothing is missing of a file any more, and it is safe on disk. */
  whole(fileIdx: number): void
  /** There is more on disk, or less, than was said before. */
  changed(contents: Contents): void
}

/** What there is of a torrent whose metadata is known: its files on disk, which of their pieces are right, what is whole. */
export class TorrentContent {
  readonly info: TorrentInfo
  readonly pieces: PieceMap
  readonly claimed: ClaimedPieces
  readonly #infoHash: InfoHash
  readonly #directory: string
  readonly #paths: readonly string[]
  readonly #state: FolderState
  readonly #journal: TorrentJournal
  readonly #events: ContentEvents
  readonly #log: Log
  readonly #open = new OpenFiles()
  readonly #completing = new Set<number>()
  readonly #trusted = new TrustedFiles()
  #bytesOnDisk = 0
  #isChanged = false

  constructor(infoHash: InfoHash, found: FoundFolder, events: ContentEvents, log: Log) {
    this.info = found.info
    this.#infoHash = infoHash
    this.#directory = found.directory
    this.#paths = filePaths(found.directory, found.info)
    this.#state = found.state
    this.#events = events
    this.#log = log
    this.pieces = new PieceMap(found.info.pieceCount, found.claimed)
    const bits = () => this.pieces.toBitfield()
    this.#journal = new TorrentJournal(found.directory, found.state, bits, () => this.distrust(), log)
    this.claimed = new ClaimedPieces(found.info, this.#paths, this.pieces, {
      opened: (fileIdx, file) => this.#recognise(fileIdx, file),
      isCurrent: (fileIdx, file) => this.#trusted.isCurrent(fileIdx, file),
      checked: (piece, isRight) => this.#onChecked(piece, isRight),
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
    // Players ask often, and long films have many pieces.
    const missing = this.wasWhole(fileIdx) ? 0 : this.pieces.count('missing', first, last)
    return { missing, of: last - first + 1 }
  }

  /** Whether any file was whole when it was last looked at. */
  get hasWhole(): boolean {
    return Object.keys(this.#state.whole).length > 0
  }

  /** Whether a file was whole when it was last looked at. */
  wasWhole(fileIdx: number): boolean {
    return this.#state.whole[fileIdx] !== undefined
  }

  /**
   * Opens a file that is whole on disk; `undefined` if it is not. One that was touched since it became so is looked at
   * again, piece by piece. @throws the system's error
   */
  async openWhole(fileIdx: number): Promise<OpenFile | undefined> {
    const file = await statIfThere(this.pathOf(fileIdx))
    const whole = this.#state.whole[fileIdx]
    if (!whole) {
      this.#doubtIfChanged(fileIdx, file)
      // An earlier run may have left it so without saying it, or it was touched and put right since.
      this.completeIfWhole(fileIdx)
      return undefined
    }
    if (isUnchanged(file, whole)) return this.#open.open(this.pathOf(fileIdx), file)
    this.#doubt(fileIdx, file !== undefined)
    this.completeIfWhole(fileIdx)
    return undefined
  }

  /** Notices that a file was touched, or that all of it is there. */
  async lookAt(fileIdx: number): Promise<void> {
    await using _whole = await this.openWhole(fileIdx)
  }

  /** The same for a file that is being written to at this very moment: notices only whether it is still the same one. */
  async lookAfter(fileIdx: number): Promise<void> {
    const { missing, of } = this.missingIn(fileIdx)
    if (this.wasWhole(fileIdx) || missing === of) return
    const file = await statIfThere(this.pathOf(fileIdx)).catch(() => 'unknown' as const)
    // On a disk that fails, what is known of a file stays true until it is read.
    if (file === 'unknown') return
    if (file && this.#recognise(fileIdx, fileIdOf(file))) this.completeIfWhole(fileIdx)
    if (file) return
    this.#trusted.lose(fileIdx)
    this.#doubt(fileIdx, false)
  }

  /** A file for one reader, who gets SelfStremeError `media.damaged` if it was taken away. */
  hold(fileIdx: number): HeldFile {
    return new HeldFile({
      open: () => this.#openSeen(fileIdx),
      isCurrent: (file) => this.#trusted.isCurrent(fileIdx, file),
    })
  }

  /** The engine reads and writes this file from now on. */
  noteOpened(fileIdx: number, file: FileId): void {
    if (!this.#trusted.noteEngines(fileIdx, file)) this.#doubtAnother(fileIdx)
  }

  /** The engine is about to put a copy in the place of a file that is the user's as well. */
  noteReplacing(fileIdx: number, copy: FileId): void {
    this.#log.info('a file gets a copy of its own, the original stays as it is', {
      path: this.pathOf(fileIdx),
    })
    this.#trusted.expectCopy(fileIdx, copy)
  }

  async #openSeen(fileIdx: number) {
    const handle = await open(this.pathOf(fileIdx)).catch((cause: unknown) => this.#lose(fileIdx, cause))
    const file = fileIdOf(await handle.stat())
    this.#recognise(fileIdx, file)
    return { handle, file }
  }

  /** @returns whether it is the file that our verified pieces are in; in another one they have to be looked at again */
  #recognise(fileIdx: number, file: FileId): boolean {
    const isSame = this.#trusted.recognise(fileIdx, file)
    if (!isSame) this.#doubtAnother(fileIdx)
    return isSame
  }

  #lose(fileIdx: number, cause: unknown): never {
    this.#trusted.lose(fileIdx)
    this.#doubt(fileIdx, false)
    throw new SelfStremeError('media.damaged', `${this.pathOf(fileIdx)} is gone: ${messageOf(cause)}`, {
      cause,
    })
  }

  /** The engine has written these pieces. @returns how many bytes were not there before */
  markVerified(pieces: readonly number[]): number {
    let newBytes = 0
    for (const piece of pieces) {
      const files = this.#filesIn(piece)
      if (!files.every((file) => this.#trusted.isEngines(file))) {
        // It has written them to another file than the one that is in the folder.
        this.#events.damaged(piece)
        continue
      }
      for (const file of files) this.#trusted.trust(file)
      const isNew = this.pieces.isMissing(piece)
      this.pieces.markVerified([piece])
      if (!isNew) continue
      newBytes += pieceLengthAt(this.info, piece)
      this.#isChanged = true
      this.#journal.notePieces(
        this.info.pieceLength,
        files.map((file) => this.pathOf(file)),
      )
    }
    return newBytes
  }

  /** What was written lately may be lost: all that was not whole before is looked at again before it is sent. */
  distrust(): void {
    for (const fileIdx of this.info.files.keys()) {
      if (this.wasWhole(fileIdx) && !this.#completing.has(fileIdx)) continue
      this.#forgetWhole(fileIdx)
      const { first, last } = piecesOf(this.info, this.file(fileIdx))
      for (let piece = first; piece <= last; piece++)
        if (this.pieces.stateOf(piece) === 'verified') this.pieces.markClaimed([piece])
    }
  }

  /** The engine has found that these pieces are not there, or not right. */
  markMissing(pieces: readonly number[]): void {
    this.pieces.markMissing(pieces)
    for (const file of new Set(pieces.flatMap((piece) => filesIn(this.info, piece)))) this.#forgetWhole(file)
  }

  /** If nothing is missing of a file, looks at what was only claimed, brings it to the disk and calls it whole. */
  completeIfWhole(fileIdx: number): void {
    if (this.wasWhole(fileIdx) || this.#completing.has(fileIdx)) return
    const { first, last } = piecesOf(this.info, this.file(fileIdx))
    if (this.pieces.anyMissing(first, last)) return
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

  /** All that changed is written down. */
  get isSaved(): boolean {
    return this.#journal.isSaved
  }

  /** Writes down what is on disk, if that has changed, and tells of it. */
  async save(): Promise<void> {
    await this.#journal.save()
    await this.measure()
  }

  /** Tells of what is on disk, if that has changed. */
  async measure(): Promise<void> {
    if (!this.#isChanged) return
    this.#isChanged = false
    this.#bytesOnDisk = await bytesOnDisk(this.#directory, this.info)
    this.#events.changed(this.contents())
  }

  /** What is on disk, and how much that took when it was last saved. */
  contents(): Contents {
    return contentsOf({
      infoHash: this.#infoHash,
      directory: this.#directory,
      bytesOnDisk: this.#bytesOnDisk,
      info: this.info,
      state: this.#state,
      isThere: (piece) => !this.pieces.isMissing(piece),
      isVerified: (piece) => this.pieces.stateOf(piece) === 'verified',
    })
  }

  async #complete(fileIdx: number): Promise<void> {
    const { first, last } = piecesOf(this.info, this.file(fileIdx))
    const before = await stat(this.pathOf(fileIdx))
    const claimed = this.pieces.count('claimed', first, last)
    for (let piece = first; piece <= last; piece++) {
      if (this.pieces.stateOf(piece) === 'claimed') await this.claimed.check(piece)
    }
    const file = await stat(this.pathOf(fileIdx))
    if (!this.#recognise(fileIdx, fileIdOf(file))) return
    if (this.pieces.count('verified', first, last) <= last - first) return
    // Somebody wrote to it while it was being looked at.
    if (claimed > 0 && file.mtimeMs !== before.mtimeMs) return this.#doubt(fileIdx, true)

    this.#state.whole[fileIdx] = { size: file.size, mtimeMs: file.mtimeMs }
    this.#noteState()
    await this.save()
    if (this.wasWhole(fileIdx)) this.#events.whole(fileIdx)
  }

  /** Notices that somebody else wrote to a file that is not whole yet, or put another one in its place. */
  #doubtIfChanged(fileIdx: number, file: Stats | undefined): void {
    const seen = this.#trusted.look(fileIdx, file)
    if (seen !== 'same') this.#doubt(fileIdx, seen !== 'gone')
  }

  /** What we know of a file no longer holds: somebody changed it, or took it away. */
  #doubt(fileIdx: number, isThere: boolean): void {
    this.#forgetWhole(fileIdx)
    const doubted = this.#piecesThere(fileIdx)
    if (doubted.length > 0)
      this.#log.warn('a file was changed on disk, its pieces are checked again', {
        path: this.pathOf(fileIdx),
      })
    if (isThere) this.pieces.markClaimed(doubted)
    else this.pieces.markMissing(doubted)
    if (!isThere || this.#trusted.isEngineElsewhere(fileIdx)) this.#events.lost()
  }

  /** What was verified in one file is claimed in another one. */
  #doubtAnother(fileIdx: number): void {
    if (!this.wasWhole(fileIdx)) return this.#doubt(fileIdx, true)
    // Whether it still is, its length and date tell. FAT numbers its files anew when they have been closed for a while.
    this.pieces.markClaimed(this.#piecesThere(fileIdx))
  }

  #piecesThere(fileIdx: number): number[] {
    const { first, last } = piecesOf(this.info, this.file(fileIdx))
    const all = Array.from({ length: last - first + 1 }, (_, index) => first + index)
    return all.filter((piece) => !this.pieces.isMissing(piece))
  }

  #onChecked(piece: number, isRight: boolean): void {
    const files = this.#filesIn(piece)
    if (isRight) {
      for (const file of files) this.#trusted.trust(file)
      return
    }
    this.#log.warn('a piece on disk is damaged, it is fetched again', { directory: this.#directory, piece })
    for (const file of files) this.#forgetWhole(file)
    this.#events.damaged(piece)
  }

  /** Files on disk that have bytes in a piece. */
  #filesIn(piece: number): number[] {
    return filesIn(this.info, piece).filter((file) => !this.info.files[file]?.isPadding)
  }

  #forgetWhole(fileIdx: number): void {
    if (!this.wasWhole(fileIdx)) return
    delete this.#state.whole[fileIdx]
    this.#noteState()
    // Whoever asks from now on must not be sent the file as if it were whole.
    this.#events.changed(this.contents())
  }

  #noteState(): void {
    this.#journal.noteState()
    this.#isChanged = true
  }
}
