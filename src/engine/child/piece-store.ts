import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { type Refusal, refusalOf } from '../../disk/disk-errors.ts'
import { safeFileNames } from '../../domain/bittorrent/file-names.ts'
import { pieceHashAt, pieceLengthAt, piecesOf, type TorrentInfo } from '../../domain/bittorrent/metainfo.ts'
import { segmentsOf } from '../../domain/bittorrent/segments.ts'
import type { FileId } from '../../files/file-id.ts'
import type { ByteGate } from '../../lib/byte-gate.ts'
import { MadeFiles } from '../../storage/made-files.ts'
import { mustBeOurs } from '../../storage/mark.ts'
import { type Disk, GivenUpError } from './disk.ts'
import { StoreFile } from './store-file.ts'

type Done = (error: Error | null, bytes?: Uint8Array) => void

/** Bytes of a claimed piece that are read and hashed in one go: half a millisecond, in which nothing else is done. */
const CHECK_BYTES = 256 * 1024

/** What bounds the work for peers that ask for pieces, of all torrents together. */
export interface UploadGates {
  /** by the bytes that are being read */
  readonly reads: ByteGate
  /** by the pieces that are being hashed */
  readonly checks: ByteGate
}

/**
 * The files of one torrent on disk, in the shape webtorrent wants (abstract-chunk-store).
 *
 * Files lie at their place in the folder, sparse. A piece is only handed out if it is
 * there: verified in this run, or claimed from an earlier one and hashed again before its first byte leaves.
 */
export class PieceStore {
  readonly chunkLength: number
  readonly #info: TorrentInfo
  readonly #directory: string
  #made: Promise<MadeFiles | undefined> = Promise.resolve(undefined)
  readonly #names: readonly string[]
  /** those that were read or written, by their index; there may be many thousands of others */
  readonly #files = new Map<number, StoreFile>()
  readonly #disk: Disk
  readonly #gates: UploadGates
  readonly #events: PieceStoreEvents
  /** claimed pieces that are being hashed: once for all who ask for blocks of them */
  readonly #checking = new Map<number, Promise<void>>()
  /** 0 = not there, 1 = claimed, 2 = verified */
  readonly #state: Uint8Array
  readonly #pending = new Set<Promise<unknown>>()
  readonly #closing = new AbortController()
  readonly #givenUp = new Map<number, Disposable>()
  /** how often a file turned out to be another one than before */
  #changes = 0
  /** pieces that the disk did not take, and that wait */
  #refused = 0
  #closed: Promise<void> | undefined

  /**
   * @param disk - shared by all torrents that are written to it
   * @param gates - shared by all torrents
   */
  constructor(
    info: TorrentInfo,
    directory: string,
    claimed: Iterable<number>,
    disk: Disk,
    gates: UploadGates,
    events: PieceStoreEvents,
  ) {
    this.chunkLength = info.pieceLength
    this.#info = info
    this.#directory = directory
    this.#disk = disk
    this.#gates = gates
    this.#events = events
    this.#names = safeFileNames(info.files)
    this.#state = new Uint8Array(info.pieceCount)
    for (const piece of claimed) this.#state[piece] = 1
  }

  /** Whether a piece was written to the files that are there now, or found right in them. */
  isVerified(piece: number): boolean {
    return this.#state[piece] === 2
  }

  /** Forgets a piece whose bytes turned out to be wrong. */
  forget(piece: number): void {
    this.#state[piece] = 0
  }

  put(piece: number, bytes: Uint8Array, done: Done = () => undefined): void {
    this.#run(async () => {
      if (bytes.length !== this.#lengthOf(piece))
        throw new RangeError(`piece ${piece} does not have ${bytes.length} bytes`)
      await this.#write(piece, bytes)
      this.#state[piece] = 2
      return undefined
    }, done)
  }

  /** Has the `put` of a piece that waits for room on the disk fail with a GivenUpError, if that may be. */
  giveUp(piece: number): void {
    if (!this.#givenUp.has(piece) && this.#disk.canGiveUp) this.#givenUp.set(piece, this.#disk.giveUp())
  }

  get(
    piece: number,
    options: { offset?: number; length?: number } | null | Done,
    done: Done = () => undefined,
  ): void {
    if (typeof options === 'function') return this.get(piece, null, options)
    // The usual answer at start-up, when webtorrent asks for every piece: no time to lose, no file to open.
    if (!this.#state[piece]) return queueMicrotask(() => done(new Error(`piece ${piece} is not there`)))
    this.#run(() => this.#read(piece, options?.offset ?? 0, options?.length), done)
  }

  /** Resolves when nothing is written any more and all files are closed. */
  close(done: Done = () => undefined): void {
    this.closeFiles().then(() => done(null), done)
  }

  /** Deleting is not the engine's business. */
  destroy(done: Done = () => undefined): void {
    this.close(done)
  }

  closeFiles(): Promise<void> {
    this.#closed ??= (async () => {
      this.#closing.abort()
      await Promise.allSettled(this.#pending)
      await this.#letGo()
    })()
    return this.#closed
  }

  async #read(piece: number, offset: number, length = this.#lengthOf(piece) - offset): Promise<Uint8Array> {
    const whole = this.#lengthOf(piece)
    if (!(offset >= 0 && length > 0 && offset + length <= whole)) {
      throw new RangeError(`piece ${piece} has no bytes ${offset}+${length}`)
    }
    if (this.#state[piece] === 1) await this.#checkOnce(piece)
    return this.#gates.reads.run(length, async () => {
      this.#closing.signal.throwIfAborted()
      const bytes = Buffer.alloc(length)
      await this.#transfer('read', piece, offset, bytes)
      return bytes
    })
  }

  #checkOnce(piece: number): Promise<void> {
    let checking = this.#checking.get(piece)
    if (!checking) {
      checking = this.#gates.checks
        .run(1, () => this.#check(piece))
        .finally(() => this.#checking.delete(piece))
      this.#checking.set(piece, checking)
    }
    return checking
  }

  async #check(piece: number): Promise<void> {
    // While it waited it may have been fetched again, or found to be wrong.
    if (this.#state[piece] === 2) return
    const isRight = await this.#settled(() =>
      this.#hash(piece).then(
        (hash) => hash.equals(pieceHashAt(this.#info, piece)),
        () => false,
      ),
    )
    this.#closing.signal.throwIfAborted()
    // It was fetched again in the meantime.
    if (this.#state[piece] === 2) return
    if (!isRight) {
      this.forget(piece)
      this.#events.damaged(piece)
      throw new Error(`piece ${piece} is damaged`)
    }
    this.#state[piece] = 2
  }

  async #hash(piece: number): Promise<Buffer> {
    const length = this.#lengthOf(piece)
    const part = Buffer.alloc(Math.min(CHECK_BYTES, length))
    const hash = createHash('sha1')
    for (let at = 0; at < length; at += part.length) {
      this.#closing.signal.throwIfAborted()
      // Padding is not read: what the last part left must not show.
      const bytes = part.subarray(0, length - at).fill(0)
      await this.#transfer('read', piece, at, bytes)
      hash.update(bytes)
    }
    return hash.digest()
  }

  /** A disk that takes nothing more is no reason to lose the piece: it waits until there is room. */
  async #write(piece: number, bytes: Uint8Array): Promise<void> {
    let refusedFor: Refusal | undefined
    const attempt = async () => {
      if (this.#givenUp.has(piece)) throw new GivenUpError(`piece ${piece} is given up`)
      await this.#settled(() => this.#transfer('write', piece, 0, bytes)).catch(async (error: unknown) => {
        if (refusalOf(error)) await this.#letGo()
        throw error
      })
    }
    const onRefused = (refusal: Refusal) => {
      refusedFor = refusal
      if (this.#refused++ === 0) this.#events.diskFull(refusal)
    }
    try {
      await this.#disk.write(bytes.length, attempt, onRefused, this.#closing.signal)
    } finally {
      // A disk becomes read-only when it fails; what it had not written by then is lost.
      if (refusedFor === 'EROFS') this.#distrust()
      if (refusedFor && --this.#refused === 0) this.#events.diskReady()
      this.#givenUp.get(piece)?.[Symbol.dispose]()
      this.#givenUp.delete(piece)
    }
  }

  /** Does work on the files of a piece; again, if one of them was another at the end than at the beginning. */
  async #settled<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      const before = this.#changes
      const result = await work()
      if (this.#changes === before) return result
      this.#closing.signal.throwIfAborted()
    }
  }

  /** What is known of a file does not hold for another one in its place. */
  #onOpened(index: number, id: FileId, content: 'same' | 'other' | 'none'): void {
    const file = this.#info.files[index]
    const gone: number[] = []
    if (file && content !== 'same') {
      this.#changes++
      const { first, last } = piecesOf(this.#info, file)
      for (let piece = first; piece <= last; piece++) {
        if (!this.#state[piece]) continue
        this.#state[piece] = content === 'none' ? 0 : 1
        if (content === 'none') gone.push(piece)
      }
    }
    this.#events.opened(index, id)
    if (gone.length > 0) this.#events.gone(gone)
  }

  /** All pieces are hashed again before they are handed out. */
  #distrust(): void {
    for (const [piece, state] of this.#state.entries()) if (state === 2) this.#state[piece] = 1
  }

  async #letGo(): Promise<void> {
    await Promise.all([...this.#files.values()].map((file) => file.letGo()))
  }

  /** @throws Error if the folder is no longer ours */
  async #madeFiles(): Promise<MadeFiles> {
    // One for all files, because each is noted in the one that it was made with.
    const reading = this.#made.then(async (known) => {
      // Another disk may have been put in its place.
      return (await known?.isCurrent()) ? known : MadeFiles.read(this.#directory)
    })
    this.#made = reading.catch(() => undefined)
    const made = await reading
    if (made) return made
    await mustBeOurs(this.#directory)
    throw new Error(`${this.#directory} is not the folder that it was`)
  }

  async #transfer(
    direction: 'read' | 'write',
    piece: number,
    offset: number,
    bytes: Uint8Array,
  ): Promise<void> {
    for (const segment of segmentsOf(this.#info, piece, offset, bytes.length)) {
      const part = bytes.subarray(segment.offset, segment.offset + segment.length)
      if (this.#info.files[segment.file]?.isPadding) continue
      const file = this.#fileAt(segment.file)
      if (direction === 'read') await file.read(part, segment.position)
      else await file.write(part, segment.position)
    }
  }

  #fileAt(index: number): StoreFile {
    const known = this.#files.get(index)
    if (known) return known
    const file = new StoreFile(
      join(this.#directory, this.#names[index] ?? ''),
      () => this.#madeFiles(),
      {
        opened: (id, content) => this.#onOpened(index, id, content),
        replacing: (copy) => this.#events.replacing(index, copy),
      },
      this.#closing.signal,
    )
    this.#files.set(index, file)
    return file
  }

  #lengthOf(piece: number): number {
    if (!(Number.isInteger(piece) && piece >= 0 && piece < this.#info.pieceCount)) {
      throw new RangeError(`there is no piece ${piece}`)
    }
    return pieceLengthAt(this.#info, piece)
  }

  #run(work: () => Promise<Uint8Array | undefined>, done: Done): void {
    if (this.#closing.signal.aborted) return queueMicrotask(() => done(new Error('the store is closed')))
    const running: Promise<void> = work().then(
      (bytes) => done(null, bytes),
      (error: Error) => done(error),
    )
    this.#pending.add(running)
    void running.finally(() => this.#pending.delete(running))
  }
}

export interface PieceStoreEvents {
  /** This is the file that is read and written from now on. Called whenever it is another one than before. */
  opened(file: number, id: FileId): void
  /** A claimed piece does not have its hash. */
  damaged(piece: number): void
  /** What was there of a file was taken away with it. */
  gone(pieces: readonly number[]): void
  /** The disk does not take a piece, which waits until it does. */
  diskFull(refusal: Refusal): void
  /** No piece waits any more. */
  diskReady(): void
  /** A copy is about to take the place of a file that is the user's; it does so when this resolves. */
  replacing(file: number, copy: FileId): Promise<void>
}
