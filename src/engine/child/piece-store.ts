import { type Refusal, refusalOf } from '../../disk/disk-errors.ts'
import { pieceHashAt, pieceLengthAt, piecesOf, type TorrentInfo } from '../../domain/bittorrent/metainfo.ts'
import { type Disk, GivenUpError } from './disk.ts'
import { PieceStates } from './piece-states.ts'
import type { PieceStoreEvents, PieceStoreOptions, UploadGates } from './piece-store-parts.ts'
import type { OpenedFile } from './store-file.ts'
import { StoreFiles } from './store-files.ts'

type Done = (error: Error | null, bytes?: Uint8Array) => void

/**
 * The pieces of one torrent on disk, in the shape webtorrent wants (abstract-chunk-store).
 *
 * A piece is only handed out if it was verified in this run, or claimed by an earlier one and hashed again before its
 * first byte leaves.
 */
export class PieceStore {
  readonly chunkLength: number
  readonly #info: TorrentInfo
  readonly #files: StoreFiles
  readonly #states: PieceStates
  readonly #disk: Disk
  readonly #gates: UploadGates
  readonly #events: PieceStoreEvents
  /** claimed pieces that are being hashed, once for all requests for their blocks */
  readonly #checking = new Map<number, Promise<void>>()
  readonly #pending = new Set<Promise<unknown>>()
  readonly #closing = new AbortController()
  readonly #givenUp = new Map<number, Disposable>()
  /** pieces that the disk refused and that wait */
  #refused = 0
  #closed: Promise<void> | undefined

  constructor({ info, directory, claimed, disk, gates }: PieceStoreOptions, events: PieceStoreEvents) {
    this.chunkLength = info.pieceLength
    this.#info = info
    this.#states = new PieceStates(info.pieceCount, claimed)
    this.#disk = disk
    this.#gates = gates
    this.#events = events
    const fileEvents = {
      opened: (file: number, opened: OpenedFile) => this.#onOpened(file, opened),
      wrote: events.wrote,
      changed: (file: number) => {
        const { first, last } = this.#piecesOf(file)
        this.#states.doubt(first, last)
        events.changed(file)
      },
      replacing: events.replacing,
    }
    this.#files = new StoreFiles(info, directory, fileEvents, this.#closing.signal)
  }

  /** Whether a piece was written to the files that are there now, or had the right hash in them. */
  isVerified(piece: number): boolean {
    return this.#states.isVerified(piece)
  }

  /** Forgets a piece whose bytes turned out to be wrong. */
  forget(piece: number): void {
    this.#states.forget(piece)
  }

  /** A piece is on its way: its files are made meanwhile. */
  prepare(piece: number): void {
    if (!this.#disk.isTaking) return
    const make = async () => {
      await this.#files.prepare(piece)
      return undefined
    }
    // The write says what is wrong.
    this.#run(make, () => undefined)
  }

  put(piece: number, bytes: Uint8Array, done: Done = () => undefined): void {
    this.#run(async () => {
      if (bytes.length !== this.#lengthOf(piece))
        throw new RangeError(`piece ${piece} does not have ${bytes.length} bytes`)
      await this.#write(piece, bytes)
      this.#states.verify(piece)
      return undefined
    }, done)
  }

  /** Has the `put` of a piece that waits for the disk fail with a GivenUpError, if the disk allows it. */
  giveUp(piece: number): void {
    if (!this.#givenUp.has(piece) && this.#disk.canGiveUp) this.#givenUp.set(piece, this.#disk.giveUp())
  }

  get(
    piece: number,
    options: { offset?: number; length?: number } | null | Done,
    done: Done = () => undefined,
  ): void {
    if (typeof options === 'function') return this.get(piece, null, options)
    // The usual answer at the start, when webtorrent asks for every piece: it must cost nothing.
    if (!this.#states.isThere(piece))
      return queueMicrotask(() => done(new Error(`piece ${piece} is not there`)))
    this.#run(() => this.#read(piece, options?.offset ?? 0, options?.length), done)
  }

  /** Resolves when nothing is written any more and all files are closed. */
  close(done: Done = () => undefined): void {
    this.closeFiles().then(() => done(null), done)
  }

  /** webtorrent's word for deleting the files, which is main's work: it only closes them. */
  destroy(done: Done = () => undefined): void {
    this.close(done)
  }

  closeFiles(): Promise<void> {
    this.#closed ??= (async () => {
      this.#closing.abort()
      await Promise.allSettled(this.#pending)
      await this.#files.release()
    })()
    return this.#closed
  }

  async #read(piece: number, offset: number, length = this.#lengthOf(piece) - offset): Promise<Uint8Array> {
    if (!(offset >= 0 && length > 0 && offset + length <= this.#lengthOf(piece))) {
      throw new RangeError(`piece ${piece} has no bytes ${offset}+${length}`)
    }
    if (this.#states.isClaimed(piece)) await this.#checkOnce(piece)
    return this.#gates.reads.run(length, async () => {
      this.#closing.signal.throwIfAborted()
      const bytes = Buffer.alloc(length)
      await this.#files.read(piece, offset, bytes)
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
    // It may have been fetched again while it waited.
    if (this.#states.isVerified(piece)) return
    const isRight = await this.#files.settled(() =>
      this.#files.hash(piece).then(
        (hash) => hash.equals(pieceHashAt(this.#info, piece)),
        () => false,
      ),
    )
    this.#closing.signal.throwIfAborted()
    // It was fetched again in the meantime.
    if (this.#states.isVerified(piece)) return
    if (!isRight) {
      this.forget(piece)
      this.#events.damaged(piece)
      throw new Error(`piece ${piece} is damaged`)
    }
    this.#states.verify(piece)
  }

  /** A full disk does not lose the piece: it waits until there is room. */
  async #write(piece: number, bytes: Uint8Array): Promise<void> {
    let refusedFor: Refusal | undefined
    const attempt = async () => {
      if (this.#givenUp.has(piece)) throw new GivenUpError(`piece ${piece} is given up`)
      await this.#files
        .settled(() => this.#files.write(piece, bytes))
        .catch(async (error: unknown) => {
          if (refusalOf(error)) await this.#files.release()
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
      // A disk becomes read-only when it fails; what was not written by then is lost, so all pieces are hashed again.
      if (refusedFor === 'EROFS') this.#states.doubt()
      if (refusedFor && --this.#refused === 0) this.#events.diskReady()
      this.#givenUp.get(piece)?.[Symbol.dispose]()
      this.#givenUp.delete(piece)
    }
  }

  /** What is known of a file does not hold for another one in its place. */
  #onOpened(file: number, { id, content, changedAt }: OpenedFile): void {
    let gone: readonly number[] = []
    const { first, last } = this.#piecesOf(file)
    if (content === 'none') gone = this.#states.forgetAll(first, last)
    else if (content === 'other') this.#states.doubt(first, last)
    this.#events.opened(file, id, changedAt)
    if (gone.length > 0) this.#events.gone(gone)
  }

  #piecesOf(index: number): { readonly first: number; readonly last: number } {
    const file = this.#info.files[index]
    return file ? piecesOf(this.#info, file) : { first: 0, last: -1 }
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
