import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { safeFileNames } from '../../domain/bittorrent/file-names.ts'
import { pieceLengthAt, type TorrentInfo } from '../../domain/bittorrent/metainfo.ts'
import { filesIn, segmentsOf } from '../../domain/bittorrent/segments.ts'
import type { FileId } from '../../files/file-id.ts'
import { MadeFiles } from '../../storage/made-files.ts'
import { mustBeOurs } from '../../storage/mark.ts'
import { type OpenedFile, StoreFile } from './store-file.ts'

/** Bytes that are read and hashed at a time: half a millisecond, in which this process does nothing else. */
const HASH_BYTES = 256 * 1024
/** Making one may take 50 ms, in which the torrent cannot be closed. */
const MAX_PREPARED = 3

export interface StoreFilesEvents {
  /** This file is read and written from now on. */
  opened(file: number, opened: OpenedFile): void
  /** As `OwnWritesEvents` has it. */
  wrote(file: number, changedAt: number, isWriting: boolean): void
  /** Another program has changed the file. */
  changed(file: number): void
  /** A copy is about to take the place of a file that is the user's; it does so when this resolves. */
  replacing(file: number, copy: FileId): Promise<void>
}

/** The files of one torrent as one run of bytes: each at its place in the folder, sparse, without its padding. */
export class StoreFiles {
  readonly #info: TorrentInfo
  readonly #directory: string
  readonly #names: readonly string[]
  readonly #events: StoreFilesEvents
  readonly #closing: AbortSignal
  /** those that were read or written, by index; a torrent may have many thousands of others */
  readonly #files = new Map<number, StoreFile>()
  #made: Promise<MadeFiles | undefined> = Promise.resolve(undefined)
  /** how often a file was replaced by one with other content, or changed by another program */
  #changes = 0

  /** @param closing - aborts the copy of a file, and hashing */
  constructor(info: TorrentInfo, directory: string, events: StoreFilesEvents, closing: AbortSignal) {
    this.#info = info
    this.#directory = directory
    this.#names = safeFileNames(info.files)
    this.#events = events
    this.#closing = closing
  }

  /** @throws Error when a file ends before */
  async read(piece: number, offset: number, bytes: Uint8Array): Promise<void> {
    for (const { file, part, position } of this.#partsOf(piece, offset, bytes))
      await file.read(part, position)
  }

  /** Makes the files of a piece that are missing, unless the piece holds many small ones, of which none is a film. */
  async prepare(piece: number): Promise<void> {
    const files = filesIn(this.#info, piece).filter((file) => !this.#info.files[file]?.isPadding)
    if (files.length > MAX_PREPARED) return
    for (const file of files) await this.#fileAt(file).prepare()
  }

  async write(piece: number, bytes: Uint8Array): Promise<void> {
    for (const { file, part, position } of this.#partsOf(piece, 0, bytes)) await file.write(part, position)
  }

  /** SHA-1 of the bytes that are there. */
  async hash(piece: number): Promise<Buffer> {
    const length = pieceLengthAt(this.#info, piece)
    const buffer = Buffer.alloc(Math.min(HASH_BYTES, length))
    const hash = createHash('sha1')
    for (let at = 0; at < length; at += buffer.length) {
      this.#closing.throwIfAborted()
      // Padding is not read, so the buffer must not hold bytes of the last turn.
      const bytes = buffer.subarray(0, length - at).fill(0)
      await this.read(piece, at, bytes)
      hash.update(bytes)
    }
    return hash.digest()
  }

  /** Does work on the files of a piece, and repeats it if another program changed one of them meanwhile. */
  async settled<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      const before = this.#changes
      const result = await work()
      if (this.#changes === before) return result
      this.#closing.throwIfAborted()
    }
  }

  /** Closes all files as soon as they are not in use; they are opened again when needed. */
  async release(): Promise<void> {
    await Promise.all([...this.#files.values()].map((file) => file.release()))
  }

  *#partsOf(piece: number, offset: number, bytes: Uint8Array) {
    for (const segment of segmentsOf(this.#info, piece, offset, bytes.length)) {
      if (this.#info.files[segment.file]?.isPadding) continue
      const part = bytes.subarray(segment.offset, segment.offset + segment.length)
      yield { file: this.#fileAt(segment.file), part, position: segment.position }
    }
  }

  #fileAt(index: number): StoreFile {
    const known = this.#files.get(index)
    if (known) return known
    const path = join(this.#directory, this.#names[index] ?? '')
    const events = {
      opened: (opened: OpenedFile) => {
        if (opened.content !== 'same') this.#changes++
        this.#events.opened(index, opened)
      },
      wrote: (changedAt: number, isWriting: boolean) => this.#events.wrote(index, changedAt, isWriting),
      changed: () => {
        this.#changes++
        this.#events.changed(index)
      },
      replacing: (copy: FileId) => this.#events.replacing(index, copy),
    }
    const file = new StoreFile(path, () => this.#madeFiles(), events, this.#closing)
    this.#files.set(index, file)
    return file
  }

  /** @throws Error if the folder is no longer ours */
  async #madeFiles(): Promise<MadeFiles> {
    // One object for all files, so that it knows of each file that was made.
    const reading = this.#made.then(async (known) => {
      // Another disk may have been mounted in its place.
      return (await known?.isCurrent()) ? known : MadeFiles.read(this.#directory)
    })
    this.#made = reading.catch(() => undefined)
    const made = await reading
    if (made) return made
    await mustBeOurs(this.#directory)
    throw new Error(`${this.#directory} is not the folder that it was`)
  }
}
