import type { InfoHash } from '../../domain/bittorrent/info-hash.ts'
import {
  pieceLengthAt,
  piecesOf,
  type TorrentFile,
  type TorrentInfo,
} from '../../domain/bittorrent/metainfo.ts'
import { filesIn } from '../../domain/bittorrent/segments.ts'
import type { OpenFile } from '../../files/open-files.ts'
import type { FileStamp } from '../../files/same-file.ts'
import type { Log } from '../../observe/log.ts'
import { type Contents, contentsOf } from '../../storage/contents.ts'
import type { FolderState } from '../../storage/folder-state.ts'
import type { FoundFolder } from '../../storage/read-folder.ts'
import { filePaths } from '../../storage/torrent-folder.ts'
import { ClaimedPieces } from './claimed-pieces.ts'
import { CompleteFiles } from './complete-files.ts'
import { Completion } from './completion.ts'
import { type ContentDisk, contentDisk } from './content-disk.ts'
import type { ContentEvents } from './content-events.ts'
import { type FileState, fileStateOf } from './file-state.ts'
import { FilesOnDisk, type FilesOwner } from './files-on-disk.ts'
import { PieceMap } from './piece-map.ts'
import { type JournalSource, TorrentJournal } from './torrent-journal.ts'

interface ContentOptions {
  readonly infoHash: InfoHash
  readonly found: FoundFolder
  /** default: the real one */
  readonly disk?: ContentDisk
}

/** The files of a torrent on disk: which pieces are there and verified, and which files are complete. */
export class TorrentContent implements FilesOwner, JournalSource {
  readonly info: TorrentInfo
  readonly pieces: PieceMap
  readonly claimed: ClaimedPieces
  readonly files: FilesOnDisk
  readonly #infoHash: InfoHash
  readonly #directory: string
  readonly #paths: readonly string[]
  readonly #disk: ContentDisk
  readonly #complete: CompleteFiles
  readonly #journal: TorrentJournal
  readonly #events: ContentEvents
  readonly #completion: Completion
  #bytesOnDisk = 0
  #isChanged = false

  constructor({ infoHash, found, disk = contentDisk() }: ContentOptions, events: ContentEvents, log: Log) {
    this.info = found.info
    this.#disk = disk
    this.#infoHash = infoHash
    this.#directory = found.directory
    this.#paths = filePaths(found.directory, found.info)
    this.#complete = new CompleteFiles(found.state)
    this.#events = events
    this.pieces = new PieceMap(found.info.pieceCount, found.claimed)
    this.#journal = new TorrentJournal({ directory: found.directory, disk }, this, log)
    this.files = new FilesOnDisk(this, disk, events, log)
    this.claimed = new ClaimedPieces(this, disk, this.#paths, this.files)
    this.#completion = new Completion(this, disk, log)
  }

  file(fileIdx: number): TorrentFile {
    const file = this.info.files[fileIdx]
    if (!file) throw new Error(`${this.info.name} has no file ${fileIdx}`)
    return file
  }

  /** What is needed to read a file. */
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
    const missing = this.isComplete(fileIdx) ? 0 : this.pieces.count('missing', first, last)
    return { missing, of: last - first + 1 }
  }

  /** Whether any file is complete, as of its last check. */
  get hasComplete(): boolean {
    return !this.#complete.isEmpty
  }

  /** Whether a file is complete, as of its last check. */
  isComplete(fileIdx: number): boolean {
    return this.#complete.has(fileIdx)
  }

  stateOf(fileIdx: number): FileState {
    const { first, last } = piecesOf(this.info, this.file(fileIdx))
    return fileStateOf({
      isComplete: this.isComplete(fileIdx),
      isCompleting: this.#completion.isBusy(fileIdx),
      anyMissing: () => this.pieces.anyMissing(first, last),
      anyThere: () => this.pieces.anyThere(first, last),
    })
  }

  /** Opens a file that is complete and unchanged; `undefined` for any other: {@link check} it. @throws the system's error */
  async openComplete(fileIdx: number): Promise<OpenFile | undefined> {
    const path = this.pathOf(fileIdx)
    const file = await this.#disk.statIfThere(path)
    return file && this.#complete.isIntact(fileIdx, file) ? this.#disk.share(path, file) : undefined
  }

  /** Checks whether another program changed a file, and whether it is complete by now. @throws the system's error */
  async check(fileIdx: number): Promise<void> {
    const file = await this.#disk.statIfThere(this.pathOf(fileIdx))
    if (!this.isComplete(fileIdx)) await this.files.compare(fileIdx, file)
    else if (!file) this.files.noteGone(fileIdx)
    else if (!this.#complete.isIntact(fileIdx, file)) this.files.claimChanged(fileIdx, file)
    // An earlier run may have ended before it was noted, or it was put right.
    this.completeIfAllThere(fileIdx)
  }

  /** The same for a file that is being written: checks only whether it is still the same file. */
  async checkIdentity(fileIdx: number): Promise<void> {
    if (['empty', 'saving', 'complete'].includes(this.stateOf(fileIdx))) return
    const file = await this.#disk.statIfThere(this.pathOf(fileIdx)).catch(() => 'unknown' as const)
    // On a failing disk, what is known of a file stays true until it is read.
    if (file === 'unknown') return
    if (!file) this.files.noteGone(fileIdx)
    else if (this.files.see(fileIdx, file)) this.completeIfAllThere(fileIdx)
  }

  /** The engine has written these pieces. @returns how many bytes were not there before */
  markVerified(pieces: readonly number[]): number {
    let newBytes = 0
    for (const piece of pieces) {
      const files = this.files.withBytesOf(piece)
      // What the engine wrote to a file that is no longer in the folder does not count.
      if (this.files.areEngines(files)) newBytes += this.#markVerified(piece, files)
      else this.#events.damaged(piece)
    }
    return newBytes
  }

  /** The engine has found that these pieces are not there, or not right. */
  markMissing(pieces: readonly number[]): void {
    this.pieces.markMissing(pieces)
    for (const file of new Set(pieces.flatMap((piece) => filesIn(this.info, piece))))
      this.noteIncomplete(file)
  }

  /** What was written lately may be lost: pieces of files that were not complete are checked before they are sent. */
  claimUnsynced(): void {
    for (const fileIdx of this.info.files.keys()) {
      if (this.stateOf(fileIdx) === 'complete') continue
      this.noteIncomplete(fileIdx)
      const { first, last } = piecesOf(this.info, this.file(fileIdx))
      this.pieces.claimVerified(first, last)
    }
  }

  /** Begins to make a file complete if nothing is missing: checks claimed pieces, and syncs the file. */
  completeIfAllThere(fileIdx: number): void {
    if (this.stateOf(fileIdx) === 'full') this.#completion.begin(fileIdx)
  }

  /** Everything that changed is saved. */
  get isSaved(): boolean {
    return this.#journal.isSaved
  }

  /** Saves what is on disk, if that has changed, and reports it. */
  async save(): Promise<void> {
    await this.#journal.save()
    await this.measure()
  }

  /** Reports what is on disk, if that has changed. */
  async measure(): Promise<void> {
    if (!this.#isChanged) return
    this.#isChanged = false
    this.#bytesOnDisk = await this.#disk.bytesOnDisk(this.#directory, this.info)
    this.#events.changed(this.contents())
  }

  /** What is on disk, and how many bytes that took when it was last measured. */
  contents(): Contents {
    return contentsOf({
      infoHash: this.#infoHash,
      directory: this.#directory,
      bytesOnDisk: this.#bytesOnDisk,
      info: this.info,
      state: this.state(),
      isThere: (piece) => !this.pieces.isMissing(piece),
      isVerified: (piece) => this.pieces.stateOf(piece) === 'verified',
    })
  }

  bits(): Uint8Array {
    return this.pieces.toBitfield()
  }

  state(): FolderState {
    return this.#complete.state
  }

  async noteComplete(fileIdx: number, stamp: FileStamp): Promise<void> {
    this.#complete.add(fileIdx, stamp)
    this.#noteState()
    await this.save()
    if (this.isComplete(fileIdx)) this.#events.complete(fileIdx)
  }

  noteIncomplete(fileIdx: number): void {
    if (!this.#complete.delete(fileIdx)) return
    this.#noteState()
    // From now on it must not be sent as a complete file.
    this.#events.changed(this.contents())
  }

  #markVerified(piece: number, files: readonly number[]): number {
    const isNew = this.pieces.isMissing(piece)
    this.pieces.markVerified([piece])
    if (!isNew) return 0
    this.#isChanged = true
    this.#journal.notePieces(
      this.info.pieceLength,
      files.map((fileIdx) => this.pathOf(fileIdx)),
    )
    return pieceLengthAt(this.info, piece)
  }

  #noteState(): void {
    this.#journal.noteState()
    this.#isChanged = true
  }
}
