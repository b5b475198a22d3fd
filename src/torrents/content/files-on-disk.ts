import type { Stats } from 'node:fs'
import { piecesOf, type TorrentInfo } from '../../domain/bittorrent/metainfo.ts'
import { filesIn } from '../../domain/bittorrent/segments.ts'
import { messageOf, SelfStremeError } from '../../domain/errors.ts'
import { type FileId, fileIdOf } from '../../files/file-id.ts'
import { Deadline } from '../../lib/deadline.ts'
import { Waiters } from '../../lib/waiters.ts'
import type { Log } from '../../observe/log.ts'
import type { ClaimedPiecesEvents } from './claimed-pieces.ts'
import type { ContentDisk } from './content-disk.ts'
import type { ContentEvents } from './content-events.ts'
import type { PieceMap } from './piece-map.ts'
import { HeldFile } from './reader-handle.ts'
import { type FileChange, SeenFiles } from './seen-files.ts'

/** The engine reports a write within this time; a change that it has not reported then, another program made. */
const REPORT_MS = 1_000
/**
 * How long a reader waits for the end of a write before its bytes are sent: 10 MB/s with slices of 512 KiB. On a disk that
 * takes longer, what another program writes at the same moment is not noticed before the next slice.
 */
const WRITE_MS = 50

/** The torrent whose files they are. */
export interface FilesOwner {
  readonly info: TorrentInfo
  readonly pieces: PieceMap
  pathOf(fileIdx: number): string
  isComplete(fileIdx: number): boolean
  /** A file is not complete any more. */
  noteIncomplete(fileIdx: number): void
}

/**
 * Notices what other programs do to the files of a torrent. A piece that was verified in a file that has changed, or was
 * replaced, is claimed: its bytes are hashed again before they are sent. In a file that is gone, it is missing.
 */
export class FilesOnDisk implements ClaimedPiecesEvents {
  readonly #owner: FilesOwner
  readonly #disk: Pick<ContentDisk, 'open'>
  readonly #events: Pick<ContentEvents, 'damaged' | 'lost'>
  readonly #log: Log
  readonly #seen = new SeenFiles()
  /** woken by what the engine reports of its writes */
  readonly #reports = new Waiters()

  constructor(
    owner: FilesOwner,
    disk: Pick<ContentDisk, 'open'>,
    events: Pick<ContentEvents, 'damaged' | 'lost'>,
    log: Log,
  ) {
    this.#owner = owner
    this.#disk = disk
    this.#events = events
    this.#log = log
  }

  /** A file for one reader, who gets SelfStremeError `media.damaged` if it is gone. */
  hold(fileIdx: number): HeldFile {
    return new HeldFile({
      open: () => this.#open(fileIdx),
      isCurrent: (file) => this.isCurrent(fileIdx, file),
      isUnchanged: (stats) => this.isUnchanged(fileIdx, stats),
      doubts: () => this.#owner.pieces.doubts,
    })
  }

  /** The engine has opened this file. */
  noteEngines(fileIdx: number, file: FileId, changedAt: number): void {
    this.#onChange(fileIdx, this.#seen.seeEngines(fileIdx, file, changedAt))
  }

  /** Only the engine has changed the file, until this time (ctime, epoch ms). @param isWriting - it goes on */
  noteWrote(fileIdx: number, changedAt: number, isWriting: boolean): void {
    this.#seen.noteWrote(fileIdx, changedAt, isWriting)
    this.#reports.wakeAll()
  }

  /** The engine has found that another program has changed the file. */
  noteChanged(fileIdx: number): void {
    if (this.#seen.isEngines(fileIdx)) this.claim(fileIdx)
  }

  /** The engine writes to no file any more. */
  noteEngineEnded(): void {
    this.#seen.noteEnded()
    this.#reports.wakeAll()
  }

  /** The engine is about to replace a file that is also the user's by a copy. */
  expectCopy(fileIdx: number, copy: FileId): void {
    this.#log.info('file gets a copy of its own; the original stays as it is', {
      path: this.#owner.pathOf(fileIdx),
    })
    this.#seen.expectCopy(fileIdx, copy)
  }

  /** Whether what the engine writes is in the files that we read. */
  areEngines(files: readonly number[]): boolean {
    return files.every((fileIdx) => this.#seen.isEngines(fileIdx))
  }

  /** Files on disk that hold bytes of a piece. */
  withBytesOf(piece: number): number[] {
    const { info } = this.#owner
    return filesIn(info, piece).filter((fileIdx) => !info.files[fileIdx]?.isPadding)
  }

  isCurrent(fileIdx: number, file: FileId): boolean {
    return this.#seen.isCurrent(fileIdx, file)
  }

  opened(fileIdx: number, stats: Stats): void {
    this.see(fileIdx, stats)
  }

  checked(piece: number, isRight: boolean): void {
    if (isRight) return
    const files = this.withBytesOf(piece)
    this.#log.warn('piece on disk is damaged; it is fetched again', {
      piece,
      path: this.#owner.pathOf(files[0] ?? 0),
    })
    for (const fileIdx of files) this.#owner.noteIncomplete(fileIdx)
    this.#events.damaged(piece)
  }

  /** The file with its name is this one. @returns whether the verified pieces are in it */
  see(fileIdx: number, stats: Stats): boolean {
    const isSame = this.#seen.see(fileIdx, fileIdOf(stats), stats.ctimeMs)
    if (!isSame) this.#onReplaced(fileIdx)
    return isSame
  }

  /** Compares a file that is not complete with what was seen of it. */
  async compare(fileIdx: number, found: Stats | undefined): Promise<void> {
    if (found) await this.isUnchanged(fileIdx, found)
    else if (this.#seen.compare(fileIdx, found) === 'gone') this.#lose(fileIdx)
  }

  /**
   * Whether only the engine has changed a file until these stats of it were taken. Waits for the engine's report if it may be
   * writing.
   *
   * @param writeMs - the longest wait while it is writing; after that the file counts as unchanged
   */
  async isUnchanged(fileIdx: number, stats: Stats, writeMs = WRITE_MS): Promise<boolean> {
    const begin = performance.now()
    let change = this.#seen.compare(fileIdx, stats)
    for (;;) {
      if (change !== 'unsure') return this.#onChange(fileIdx, change)
      const isWriting = this.#seen.isWriting(fileIdx)
      const leftMs = (isWriting ? writeMs : REPORT_MS) - (performance.now() - begin)
      using deadline = new Deadline(Math.max(0, leftMs))
      await this.#reports.wait(deadline.signal).catch(() => undefined)
      // Another file may have taken its place meanwhile.
      if (!this.isCurrent(fileIdx, fileIdOf(stats))) return false
      if (deadline.isPassed && isWriting) return true
      change = deadline.isPassed ? this.#seen.noteChanged(fileIdx, stats) : this.#seen.compare(fileIdx, stats)
    }
  }

  /** There is no file with this name. */
  noteGone(fileIdx: number): void {
    this.#seen.lose(fileIdx)
    this.#lose(fileIdx)
  }

  /** Another program has changed the file, and this is what it is now. */
  claimChanged(fileIdx: number, stats: Stats): void {
    this.#seen.see(fileIdx, fileIdOf(stats), stats.ctimeMs)
    this.#seen.noteChanged(fileIdx, stats)
    this.claim(fileIdx)
  }

  /** Another program has changed the file: its pieces are hashed again before they are sent. */
  claim(fileIdx: number): void {
    this.#owner.pieces.markClaimed(this.#doubtful(fileIdx))
    if (this.#seen.isEngineElsewhere(fileIdx)) this.#events.lost()
  }

  /** Another program has removed the file: its pieces are fetched again. */
  #lose(fileIdx: number): void {
    this.#owner.pieces.markMissing(this.#doubtful(fileIdx))
    this.#events.lost()
  }

  /** @returns whether it is as it was */
  #onChange(fileIdx: number, change: FileChange): boolean {
    if (change === 'same') return true
    if (change === 'replaced') this.#onReplaced(fileIdx)
    else this.claim(fileIdx)
    return false
  }

  #onReplaced(fileIdx: number): void {
    if (!this.#owner.isComplete(fileIdx)) return this.claim(fileIdx)
    // Size and mtime tell whether it is still complete: FAT gives a file another number when it was closed for a while.
    this.#owner.pieces.markClaimed(this.#piecesThere(fileIdx))
  }

  /** The pieces of a file that another program has changed; it is not complete any more. */
  #doubtful(fileIdx: number): number[] {
    this.#owner.noteIncomplete(fileIdx)
    const pieces = this.#piecesThere(fileIdx)
    if (pieces.length > 0)
      this.#log.warn('file was changed on disk; its pieces are checked again', {
        path: this.#owner.pathOf(fileIdx),
      })
    return pieces
  }

  #piecesThere(fileIdx: number): number[] {
    const { info, pieces } = this.#owner
    const file = info.files[fileIdx]
    if (!file) return []
    const { first, last } = piecesOf(info, file)
    const all = Array.from({ length: last - first + 1 }, (_, index) => first + index)
    return all.filter((piece) => !pieces.isMissing(piece))
  }

  async #open(fileIdx: number) {
    const path = this.#owner.pathOf(fileIdx)
    const handle = await this.#disk.open(path).catch((cause: unknown) => {
      this.noteGone(fileIdx)
      throw new SelfStremeError('media.damaged', `${path} is gone: ${messageOf(cause)}`, { cause })
    })
    const stats = await handle.stat()
    this.see(fileIdx, stats)
    return { handle, file: fileIdOf(stats) }
  }
}
