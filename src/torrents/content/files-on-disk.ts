import type { Stats } from 'node:fs'
import { piecesOf, type TorrentInfo } from '../../domain/bittorrent/metainfo.ts'
import { filesIn } from '../../domain/bittorrent/segments.ts'
import { messageOf, SelfStremeError } from '../../domain/errors.ts'
import { type FileId, fileIdOf } from '../../files/file-id.ts'
import type { Log } from '../../observe/log.ts'
import type { ClaimedPiecesEvents } from './claimed-pieces.ts'
import type { ContentDisk } from './content-disk.ts'
import type { ContentEvents } from './content-events.ts'
import type { PieceMap } from './piece-map.ts'
import { HeldFile } from './reader-handle.ts'
import { SeenFiles } from './seen-files.ts'

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
  readonly #seen: SeenFiles

  constructor(
    owner: FilesOwner,
    disk: Pick<ContentDisk, 'open' | 'now'>,
    events: Pick<ContentEvents, 'damaged' | 'lost'>,
    log: Log,
  ) {
    this.#owner = owner
    this.#disk = disk
    this.#seen = new SeenFiles(() => disk.now())
    this.#events = events
    this.#log = log
  }

  /** A file for one reader, who gets SelfStremeError `media.damaged` if it is gone. */
  hold(fileIdx: number): HeldFile {
    return new HeldFile({
      open: () => this.#open(fileIdx),
      isCurrent: (file) => this.isCurrent(fileIdx, file),
    })
  }

  /** The engine has opened this file. */
  noteEngines(fileIdx: number, file: FileId): void {
    if (!this.#seen.seeEngines(fileIdx, file)) this.#onReplaced(fileIdx)
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

  /** A piece of these files was right just now. */
  confirm(files: readonly number[]): void {
    for (const fileIdx of files) this.#seen.confirm(fileIdx)
  }

  /** Files on disk that hold bytes of a piece. */
  withBytesOf(piece: number): number[] {
    const { info } = this.#owner
    return filesIn(info, piece).filter((fileIdx) => !info.files[fileIdx]?.isPadding)
  }

  isCurrent(fileIdx: number, file: FileId): boolean {
    return this.#seen.isCurrent(fileIdx, file)
  }

  opened(fileIdx: number, file: FileId): void {
    this.see(fileIdx, file)
  }

  checked(piece: number, isRight: boolean): void {
    const files = this.withBytesOf(piece)
    if (isRight) return this.confirm(files)
    this.#log.warn('piece on disk is damaged; it is fetched again', {
      piece,
      path: this.#owner.pathOf(files[0] ?? 0),
    })
    for (const fileIdx of files) this.#owner.noteIncomplete(fileIdx)
    this.#events.damaged(piece)
  }

  /** The file with its name is this one. @returns whether the verified pieces are in it */
  see(fileIdx: number, file: FileId): boolean {
    const isSame = this.#seen.see(fileIdx, file)
    if (!isSame) this.#onReplaced(fileIdx)
    return isSame
  }

  /** Compares a file that is not complete with what was seen of it. */
  compare(fileIdx: number, found: Stats | undefined): void {
    const change = this.#seen.compare(fileIdx, found)
    if (change === 'gone') this.#lose(fileIdx)
    else if (change !== 'same') this.claim(fileIdx)
  }

  /** There is no file with this name. */
  noteGone(fileIdx: number): void {
    this.#seen.lose(fileIdx)
    this.#lose(fileIdx)
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
    const file = fileIdOf(await handle.stat())
    this.see(fileIdx, file)
    return { handle, file }
  }
}
