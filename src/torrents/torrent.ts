import { type FileHandle, open, stat } from 'node:fs/promises'
import { type ByteRange, lengthOf } from '../domain/byte-range.ts'
import { SelfStremeError } from '../domain/errors.ts'
import type { InfoHash } from '../domain/info-hash.ts'
import { parseMetainfo, piecesOf, type TorrentFile, type TorrentInfo } from '../domain/metainfo.ts'
import type { Engine, SwarmStats } from '../engine/engine.ts'
import { readSlices } from '../files/read-slices.ts'
import type { Log } from '../observe/log.ts'
import { ClaimedPieces } from './claimed-pieces.ts'
import { PieceMap } from './piece-map.ts'
import { SwarmSession } from './swarm-session.ts'
import {
  createFolder,
  type FolderState,
  type FoundFolder,
  filePaths,
  saveBits,
  saveState,
} from './torrent-folder.ts'
import { verifiedReader } from './verified-reader.ts'
import { Waiters } from './waiters.ts'
import { planWindows, type Reader } from './window-planner.ts'

export interface TorrentOptions {
  readonly infoHash: InfoHash
  readonly directory: string
  readonly timeoutMs: number
  readonly maxRetries: number
  readonly stallTimeoutMs: number
  /** stay in the swarm when there is nothing left to fetch */
  readonly seed: boolean
}

/** What a torrent needs from whoever keeps it. */
export interface TorrentKeeper {
  /**
   * Calls `join` as soon as there is room for one more torrent in the swarm.
   *
   * @throws SelfStremeError `torrent.busy` if there is none
   */
  makeRoom(join: () => void): Promise<void>
}

/** Everything that is only known once the metadata is. */
interface Content {
  readonly metainfo: Uint8Array
  readonly info: TorrentInfo
  readonly paths: readonly string[]
  readonly pieces: PieceMap
  readonly claimed: ClaimedPieces
  readonly state: FolderState
}

interface ActiveReader extends Reader {
  position: number
  delivered: number
}

/** One torrent: its folder, its stay in the swarm, and those who read from it. */
export class Torrent {
  readonly infoHash: InfoHash
  readonly directory: string
  readonly #options: TorrentOptions
  readonly #keeper: TorrentKeeper
  readonly #log: Log
  readonly #session: SwarmSession
  readonly #infoWaiters = new Waiters()
  readonly #readers = new Set<ActiveReader>()
  /** how many streams of each file are being watched */
  readonly #watchers = new Map<number, number>()
  /** files that are fetched to the end although nobody watches */
  readonly #finishing = new Set<number>()
  readonly #completing = new Set<number>()
  /** files written to since the state was last saved */
  readonly #written = new Set<number>()
  readonly #trackers = new Set<string>()
  #content: Content | undefined
  #users = 0
  /** requests that wait for their first byte, and watch nothing yet */
  #starting = 0
  #lastUsedAt: number
  #lastReadAt: number
  #unsaved = false
  #saving: Promise<void> = Promise.resolve()
  #planned = false
  #lastUse: string | undefined

  constructor(
    options: TorrentOptions,
    found: FoundFolder | undefined,
    engine: Engine,
    keeper: TorrentKeeper,
    log: Log,
    now: number,
  ) {
    this.infoHash = options.infoHash
    this.directory = options.directory
    this.#options = options
    this.#keeper = keeper
    this.#log = log
    this.#lastUsedAt = now
    this.#lastReadAt = found?.state.lastReadAt ?? now
    if (found) this.#content = this.#contentOf(found.metainfo, found.info, found.state, found.claimed)
    this.#session = new SwarmSession(
      engine,
      options,
      {
        infoHash: options.infoHash,
        directory: options.directory,
        trackers: () => [...this.#trackers],
        metainfo: found?.metainfo,
        claimed: () => this.#content?.pieces.toBitfield(),
      },
      {
        metainfo: (bytes) => void this.#onMetainfo(bytes),
        verified: (pieces) => this.#onVerified(pieces),
        missing: (pieces) => {
          this.#content?.pieces.markMissing(pieces)
          this.#replan()
        },
        stats: (stats) => this.#onStats(stats),
        failed: (error) => this.#onFailed(error),
      },
      log,
    )
  }

  /** Somebody reads, or waits to. */
  get isUsed(): boolean {
    return this.#users > 0
  }

  /** There is no reason to keep it in memory: nobody uses it, and nothing is being fetched. */
  get isIdle(): boolean {
    return this.#users === 0 && this.#finishing.size === 0
  }

  get isInSwarm(): boolean {
    return this.#session.isRunning
  }

  /** In the swarm, and nobody was met there yet. */
  get isLookingForPeers(): boolean {
    return this.#session.isLookingForPeers
  }

  /** When the last lease was returned, epoch ms. */
  get lastUsedAt(): number {
    return this.#lastUsedAt
  }

  /** When the last byte was read, epoch ms. */
  get lastReadAt(): number {
    return this.#lastReadAt
  }

  /** Metadata known, and so a folder on disk. */
  get info(): TorrentInfo | undefined {
    return this.#content?.info
  }

  /** Keeps the torrent from being removed or put aside until the lease is returned. */
  lease(): Disposable {
    this.#users++
    let isReturned = false
    return {
      [Symbol.dispose]: () => {
        if (isReturned) return
        isReturned = true
        this.#users--
        this.#lastUsedAt = Date.now()
      },
    }
  }

  /** Trackers to ask from the next try on, besides those that are known. */
  addTrackers(trackers: readonly string[]): void {
    for (const tracker of trackers) this.#trackers.add(tracker)
  }

  /** Joins the swarm if it has not. */
  async join(triesMade = 0): Promise<void> {
    if (this.#session.isRunning) return this.#session.start()
    await this.#keeper.makeRoom(() => {
      if (!this.#session.isRunning) this.#log.info(`Starting torrent stream for hash: ${this.infoHash}`)
      this.#session.start(triesMade)
      this.#replan()
    })
  }

  /** @throws SelfStremeError when the metadata cannot be had, or the signal's reason */
  async whenInfo(signal: AbortSignal, triesMade = 0): Promise<TorrentInfo> {
    if (!this.#content) {
      await this.join(triesMade)
      if (!this.#content) await this.#infoWaiters.wait(signal)
    }
    if (!this.#content) throw new SelfStremeError('media.no_peers', `no metadata for ${this.infoHash}`)
    return this.#content.info
  }

  pathOf(fileIdx: number): string {
    return this.#known().paths[fileIdx] ?? ''
  }

  /** Whether a file is whole on disk. One that was touched since it became so is looked at again, piece by piece. */
  async isWhole(fileIdx: number): Promise<boolean> {
    const { state } = this.#known()
    const whole = state.whole[fileIdx]
    if (!whole) {
      // Nothing may be missing of a file that was never found to be whole: an earlier run left it so, or it was touched.
      if (this.#missingIn(fileIdx) === 0) void this.#completeIfWhole(fileIdx)
      return false
    }
    const file = await stat(this.pathOf(fileIdx)).catch(() => undefined)
    if (file?.size === whole.size && file.mtimeMs === whole.mtimeMs) return true
    this.#log.warn('a file was changed on disk, its pieces are checked again', { path: this.pathOf(fileIdx) })
    this.#doubt(fileIdx, file !== undefined)
    if (file) void this.#completeIfWhole(fileIdx)
    return false
  }

  /** Says in the log what is read, and where it comes from; players ask often, so only what is new is worth `info`. */
  noteUse(fileIdx: number, isWhole: boolean): void {
    const { name, length } = this.#file(fileIdx)
    const message = isWhole
      ? `Using file stream for ${this.infoHash}: ${this.pathOf(fileIdx)}`
      : `Using torrent stream for ${this.infoHash} (file not ready)`
    const level = message !== this.#lastUse || this.#users <= 1 ? 'info' : 'debug'
    this.#lastUse = message
    this.#log[level](`Selected file: ${name} (${length} bytes)`)
    this.#log[level](message)
  }

  /**
   * Resolves when an answer may begin: the first byte is on disk and verified, or a peer is there to give it.
   *
   * @param position - first byte, counted from the start of the file
   */
  async whenStartable(fileIdx: number, position: number, signal: AbortSignal): Promise<void> {
    const { pieces, claimed, info } = this.#known()
    const piece = Math.floor((this.#file(fileIdx).offset + position) / info.pieceLength)
    if (pieces.stateOf(piece) === 'claimed') await claimed.check(piece)
    if (!pieces.isMissing(piece)) return
    const either = new AbortController()
    const stop = AbortSignal.any([signal, either.signal])
    this.#starting++
    try {
      await this.join()
      await Promise.race([pieces.whenThere(piece, stop), this.#session.whenPeerFound(stop)])
    } finally {
      either.abort()
      this.#starting--
    }
  }

  /** Bytes of a file that is whole. */
  readWhole(fileIdx: number, range: ByteRange, signal: AbortSignal): AsyncGenerator<Buffer, void, void> {
    return readSlices(
      () => open(this.pathOf(fileIdx)),
      range,
      async () => this.#file(fileIdx).length,
      signal,
    )
  }

  /** Bytes of a file that is being fetched, as they are there and verified. */
  async *readVerified(
    fileIdx: number,
    range: ByteRange,
    signal: AbortSignal,
  ): AsyncGenerator<Buffer, void, void> {
    const { info, pieces, claimed } = this.#known()
    const file = this.#file(fileIdx)
    const reader: ActiveReader = { file, position: range.start, end: range.end + 1, delivered: 0 }
    const readableEnd = verifiedReader({
      info,
      file,
      pieces,
      claimed,
      firstPieceMs: this.#options.timeoutMs,
      stallMs: this.#options.stallTimeoutMs,
      onMissing: () => {
        this.#replan()
        return this.join()
      },
    })
    this.#readers.add(reader)
    this.#replan()
    try {
      for await (const slice of readSlices(() => this.#open(fileIdx), range, readableEnd, signal)) {
        yield slice
        reader.position += slice.length
        reader.delivered += slice.length
        this.#touch()
        this.#replan()
      }
      if (reader.delivered !== lengthOf(range))
        throw new SelfStremeError('media.damaged', 'bytes are missing')
    } finally {
      this.#readers.delete(reader)
      this.#replan()
    }
  }

  /** Somebody watches a file from now on: the rest of it is fetched as well. Ends when the watcher leaves. */
  watch(fileIdx: number): Disposable {
    this.#watchers.set(fileIdx, (this.#watchers.get(fileIdx) ?? 0) + 1)
    this.#touch()
    if (this.#missingIn(fileIdx) > 0) {
      // Where that fails, the reader hears of it as soon as it needs a piece.
      this.join().catch((error: unknown) =>
        this.#log.debug('not joined', { infoHash: this.infoHash, reason: String(error) }),
      )
    }
    return {
      [Symbol.dispose]: () => {
        const left = (this.#watchers.get(fileIdx) ?? 1) - 1
        if (left > 0) this.#watchers.set(fileIdx, left)
        else {
          this.#watchers.delete(fileIdx)
          this.#finishOrStop(fileIdx)
        }
        this.#touch()
        this.#replan()
      },
    }
  }

  /** Leaves the swarm; what is on disk stays, and is written down. */
  async leaveSwarm(): Promise<void> {
    this.#finishing.clear()
    await this.#session.stop()
    await this.save()
  }

  /** Writes down what is on disk and when it was last read, if that has changed. */
  save(): Promise<void> {
    this.#saving = this.#saving.then(() => this.#save())
    return this.#saving
  }

  async #save(): Promise<void> {
    const content = this.#content
    if (!content || !this.#unsaved) return
    this.#unsaved = false
    const written = [...this.#written]
    this.#written.clear()
    content.state.lastReadAt = this.#lastReadAt
    try {
      if (written.length > 0) {
        // The bits are taken first: a piece that comes during the sync is for the next time.
        const bits = content.pieces.toBitfield()
        await saveBits(
          this.directory,
          written.map((file) => content.paths[file] ?? ''),
          bits,
        )
      }
      await saveState(this.directory, content.state)
    } catch (error) {
      this.#unsaved = true
      for (const file of written) this.#written.add(file)
      this.#log.warn('state of a torrent not saved', { infoHash: this.infoHash, reason: String(error) })
    }
  }

  async #open(fileIdx: number): Promise<FileHandle> {
    try {
      return await open(this.pathOf(fileIdx))
    } catch (cause) {
      this.#doubt(fileIdx, false)
      throw new SelfStremeError('media.damaged', `${this.pathOf(fileIdx)} cannot be opened`, { cause })
    }
  }

  /** What we know of a file no longer holds: somebody changed it, or took it away. */
  #doubt(fileIdx: number, isThere: boolean): void {
    const { state, pieces, info } = this.#known()
    delete state.whole[fileIdx]
    const { first, last } = piecesOf(info, this.#file(fileIdx))
    const doubted = Array.from({ length: last - first + 1 }, (_, index) => first + index).filter(
      (piece) => !pieces.isMissing(piece),
    )
    if (isThere) return pieces.markClaimed(doubted)
    pieces.markMissing(doubted)
    this.#unsaved = true
    if (this.#session.isRunning) void this.#rejoin()
  }

  /** The engine may still have a file open that is no longer in the folder; what it wrote there would be lost. */
  async #rejoin(): Promise<void> {
    await this.#session.stop()
    if (this.#readers.size > 0) await this.join().catch((error: SelfStremeError) => this.#onFailed(error))
  }

  /** A film of which at least half is there is fetched to its end; of any other, nothing more. */
  #finishOrStop(fileIdx: number): void {
    const { first, last } = piecesOf(this.#known().info, this.#file(fileIdx))
    const missing = this.#missingIn(fileIdx)
    if (missing > 0 && missing * 2 <= last - first + 1) this.#finishing.add(fileIdx)
  }

  #missingIn(fileIdx: number): number {
    const { pieces, info } = this.#known()
    const { first, last } = piecesOf(info, this.#file(fileIdx))
    return pieces.count('missing', first, last)
  }

  async #onMetainfo(bytes: Uint8Array): Promise<void> {
    if (this.#content) return
    const now = Date.now()
    try {
      const info = parseMetainfo(bytes)
      await createFolder(this.directory, bytes, now)
      this.#content = this.#contentOf(
        bytes,
        info,
        { createdAt: now, lastReadAt: now, whole: {} },
        new Uint8Array(),
      )
      this.#log.info(`Torrent ready: ${info.name}, files: ${info.files.length}`, { infoHash: this.infoHash })
      this.#infoWaiters.wakeAll()
      this.#replan()
    } catch (error) {
      this.#infoWaiters.failAll(error)
    }
  }

  #contentOf(metainfo: Uint8Array, info: TorrentInfo, state: FolderState, claimedBits: Uint8Array): Content {
    const paths = filePaths(this.directory, info)
    const pieces = new PieceMap(info.pieceCount, claimedBits)
    const claimed = new ClaimedPieces(info, paths, pieces, (piece) => {
      this.#log.warn('a piece on disk is damaged, it is fetched again', { infoHash: this.infoHash, piece })
      for (const file of this.#filesOfPiece(info, piece)) delete state.whole[file]
      this.#session.unverify(piece)
      this.#replan()
    })
    return { metainfo, info, paths, pieces, claimed, state }
  }

  #onVerified(verified: readonly number[]): void {
    const content = this.#content
    if (!content) return
    for (const piece of verified) {
      if (!content.pieces.isMissing(piece)) continue
      for (const file of this.#filesOfPiece(content.info, piece)) this.#written.add(file)
      this.#unsaved = true
    }
    content.pieces.markVerified(verified)
    for (const fileIdx of new Set([...this.#watchers.keys(), ...this.#finishing]))
      void this.#completeIfWhole(fileIdx)
    this.#replan()
  }

  /** A file of which nothing is missing is brought to the disk and needs the swarm no more. */
  async #completeIfWhole(fileIdx: number): Promise<void> {
    if (this.#known().state.whole[fileIdx] || this.#completing.has(fileIdx) || this.#missingIn(fileIdx) > 0)
      return
    this.#completing.add(fileIdx)
    try {
      await this.#complete(fileIdx)
    } catch (error) {
      this.#log.warn('a film that came to its end could not be kept', {
        infoHash: this.infoHash,
        reason: String(error),
      })
    } finally {
      this.#completing.delete(fileIdx)
    }
  }

  async #complete(fileIdx: number): Promise<void> {
    const { pieces, info, claimed, state } = this.#known()
    const { first, last } = piecesOf(info, this.#file(fileIdx))
    const before = await stat(this.pathOf(fileIdx))
    for (let piece = first; piece <= last; piece++) {
      if (pieces.stateOf(piece) === 'claimed') await claimed.check(piece)
    }
    if (pieces.count('verified', first, last) <= last - first) return
    const file = await stat(this.pathOf(fileIdx))
    if (file.mtimeMs !== before.mtimeMs && !this.#session.isRunning) return this.#doubt(fileIdx, true)

    state.whole[fileIdx] = { size: file.size, mtimeMs: file.mtimeMs }
    this.#finishing.delete(fileIdx)
    this.#unsaved = true
    await this.save()
    this.#log.info(`Download complete: ${this.#file(fileIdx).name}`, {
      infoHash: this.infoHash,
      bytes: file.size,
    })
    if (!this.#options.seed && this.#isNothingToFetch()) await this.#session.stop()
  }

  #isNothingToFetch(): boolean {
    const { state } = this.#known()
    const wanted = [...this.#watchers.keys(), ...this.#finishing]
    return this.#starting === 0 && wanted.every((fileIdx) => state.whole[fileIdx])
  }

  #onStats(stats: SwarmStats): void {
    const watched = [...this.#watchers.keys(), ...this.#finishing][0]
    if (watched === undefined || !this.#content) return
    const { pieces, info } = this.#content
    const { first, last } = piecesOf(info, this.#file(watched))
    const percent = 100 * (1 - pieces.count('missing', first, last) / (last - first + 1))
    this.#log.debug(
      `Download progress: ${percent.toFixed(1)}%, peers: ${stats.peers}, speed: ${stats.downloadSpeed}`,
      { infoHash: this.infoHash },
    )
  }

  #onFailed(error: SelfStremeError): void {
    this.#log.warn(`Torrent failed: ${this.infoHash}`, { code: error.code, reason: error.message })
    this.#finishing.clear()
    this.#infoWaiters.failAll(error)
    this.#content?.pieces.failWaiters(error)
  }

  /** Tells the engine what to fetch, once in a turn however much happened in it. */
  #replan(): void {
    if (this.#planned) return
    this.#planned = true
    setImmediate(() => {
      this.#planned = false
      if (!this.#content || (!this.#session.isRunning && this.#readers.size === 0)) return
      const { info, pieces } = this.#content
      const background = new Set([...this.#watchers.keys(), ...this.#finishing])
      this.#session.want(
        planWindows({
          info,
          readers: [...this.#readers],
          background: [...background].map((fileIdx) => this.#file(fileIdx)),
          isMissing: (piece) => pieces.isMissing(piece),
        }),
      )
    })
  }

  #touch(): void {
    this.#lastReadAt = Date.now()
    this.#unsaved = true
  }

  #known(): Content {
    if (!this.#content) throw new Error(`the metadata of ${this.infoHash} is not known yet`)
    return this.#content
  }

  #file(fileIdx: number): TorrentFile {
    const file = this.#known().info.files[fileIdx]
    if (!file) throw new Error(`${this.infoHash} has no file ${fileIdx}`)
    return file
  }

  #filesOfPiece(info: TorrentInfo, piece: number): number[] {
    const start = piece * info.pieceLength
    const end = start + info.pieceLength
    return info.files.flatMap(({ offset, length }, index) =>
      offset < end && offset + length > start ? [index] : [],
    )
  }
}
