import type { Refusal } from '../disk/disk-errors.ts'
import type { DiskRoom } from '../disk/disk-room.ts'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { pieceLengthAt, type TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import { readTorrentInfo } from '../domain/bittorrent/read-torrent-info.ts'
import { allowedTrackers } from '../domain/bittorrent/tracker-url.ts'
import { type ByteRange, lengthOf } from '../domain/byte-range.ts'
import type { Viewer } from '../domain/clients/viewer.ts'
import { messageOf, SelfStremeError } from '../domain/errors.ts'
import type { Engine, SwarmStats } from '../engine/engine.ts'
import type { FileId } from '../files/file-id.ts'
import type { OpenFile } from '../files/open-files.ts'
import { readSlices } from '../files/read-slices.ts'
import { isTimeOver } from '../lib/deadline.ts'
import { Waiters } from '../lib/waiters.ts'
import type { Log } from '../observe/log.ts'
import type { Contents } from '../storage/contents.ts'
import { type FoundFolder, readFolder } from '../storage/folder-state.ts'
import { adoptFiles } from '../storage/own-files.ts'
import { writing } from '../storage/torrent-folder.ts'
import type { BroughtFile } from './brought-files.ts'
import { MetainfoKeeper } from './content/metainfo-keeper.ts'
import { TorrentContent } from './content/torrent-content.ts'
import { TrackerKeeper } from './content/tracker-keeper.ts'
import { areVerified, verifiedReader } from './content/verified-reader.ts'
import { ActiveReader } from './fetching/active-reader.ts'
import { AnnounceList } from './fetching/announce-list.ts'
import { FetchPlan } from './fetching/fetch-plan.ts'
import { type Portion, piecesOfPortion, spansOf } from './fetching/file-part.ts'
import { SwarmSession } from './fetching/swarm-session.ts'
import { TorrentRoom } from './fetching/torrent-room.ts'
import type { WithoutPeers } from './without-peers.ts'

export interface TorrentOptions {
  readonly infoHash: InfoHash
  /** where its folder is, or is to be */
  readonly directory: string
  /** asked for every torrent */
  readonly trackers: readonly string[]
  readonly timeoutMs: number
  readonly maxRetries: number
  readonly stallTimeoutMs: number
  /** stay in the swarm when there is nothing left to fetch */
  readonly seed: boolean
}

/** For whom a torrent is in the swarm: a viewer, somebody who asked for it, or nobody yet. */
export type Purpose = 'watch' | LaterPurpose
type LaterPurpose = 'fetch' | 'guess'

/** How good a reason there is for a torrent to be in the swarm, the least in front. */
export type Standing = 'idle' | 'guessed' | 'wanted' | 'used'

/** What a torrent needs from whoever keeps it. */
export interface TorrentKeeper {
  /** what may be fetched */
  readonly room: DiskRoom
  /** what was waited for in vain */
  readonly withoutPeers: WithoutPeers
  /** Where the torrent's folder is, or is to be, as the disk is now. */
  place(): Promise<string>
  /**
   * Calls `join` as soon as the torrent has a slot in the swarm.
   *
   * @throws SelfStremeError `torrent.busy` if there is none
   */
  takeSlot(newcomer: Torrent, purpose: Purpose, join: () => void): Promise<void>
  /** Whether a reader of any other torrent waits for more than there is. */
  isDryElsewhere(than: Torrent): boolean
  /** The torrent's own {@link Torrent.isDry} is another now. */
  onDryChanged(torrent: Torrent): void
  /** This is on disk now. */
  onContents(contents: Contents): void
  /** So many peers had all of it, the most at a time in this stay in the swarm. */
  onSeeders(seeders: number): void
}

/** One torrent: what there is of it, its stay in the swarm, and those who read from it. */
export class Torrent {
  readonly infoHash: InfoHash
  readonly #options: TorrentOptions
  readonly #keeper: TorrentKeeper
  readonly #log: Log
  readonly #session: SwarmSession
  readonly #plan: FetchPlan
  readonly #room: TorrentRoom
  readonly #metainfo: MetainfoKeeper
  #directory: string
  /** the folder that the engine was told of when it last joined the swarm */
  #engineDirectory: string
  readonly #infoWaiters = new Waiters()
  /** those who fetch it for later: woken whenever one of its files may have become whole, or may be so no longer */
  readonly #fetchers = new Waiters()
  readonly #trackers: AnnounceList
  readonly #trackerKeeper: TrackerKeeper
  /** metadata that came with a torrent file, and is used when somebody wants it */
  #brought: Uint8Array | undefined
  /** once for all who wait for it */
  #learning: Promise<void> | undefined
  #content: TorrentContent | undefined
  /** who reads, or waits to, by lease */
  readonly #users = new Map<symbol, Viewer | undefined>()
  #lookedForSince: number | undefined
  /** `undefined` as long as nobody said what it is for */
  #isOnlyGuess: boolean | undefined
  /** how many fetch it for later */
  readonly #attendants: Record<LaterPurpose, number> = { fetch: 0, guess: 0 }
  /** in this stay in the swarm; `undefined` as long as nobody was met */
  #mostSeeders: number | undefined
  /** requests that wait for their first byte, and watch nothing yet */
  #starting = 0
  #lastUsedAt: number

  /** @param found - its folder, if an earlier run left one */
  constructor(
    options: TorrentOptions,
    found: FoundFolder | undefined,
    engine: Engine,
    keeper: TorrentKeeper,
    log: Log,
    now: number,
  ) {
    this.infoHash = options.infoHash
    this.#directory = options.directory
    this.#engineDirectory = options.directory
    this.#options = options
    this.#trackers = new AnnounceList(options.trackers)
    this.#trackerKeeper = new TrackerKeeper(found?.trackers, log)
    this.#restoreTrackers(found)
    this.#keeper = keeper
    this.#log = log
    this.#lastUsedAt = now
    this.#room = new TorrentRoom(keeper.room, options.infoHash, options.directory)
    this.#metainfo = new MetainfoKeeper(() => keeper.place(), this.#room, log)
    this.#content = found && this.#contentOf(found)
    const engineDirectory = () => {
      this.#engineDirectory = this.#directory
      return this.#directory
    }
    const request = {
      infoHash: options.infoHash,
      // Read whenever the engine is told of the torrent.
      get directory() {
        return engineDirectory()
      },
      trackers: () => this.#trackers.urls,
      ofTorrent: () => this.#trackers.ofTorrent.urls,
      metainfo: found?.metainfo,
      claimed: () => this.#content?.pieces.toBitfield(),
      isShared: () => options.seed && this.#content?.hasWhole === true,
    }
    const events = {
      metainfo: (bytes: Uint8Array) => this.#onMetainfo(bytes),
      verified: (pieces: readonly number[]) => this.#onVerified(pieces),
      missing: (pieces: readonly number[]) => this.#onMissing(pieces),
      diskFull: (refusal: Refusal) => this.#room.onRefused(refusal),
      diskReady: () => this.#onDiskReady(),
      opened: (file: number, id: FileId) => this.#content?.noteOpened(file, id),
      replacing: (file: number, copy: FileId) => this.#content?.noteReplacing(file, copy),
      stats: (stats: SwarmStats) => this.#onStats(stats),
      peerCame: () => keeper.withoutPeers.forget(options.infoHash),
      failed: (error: SelfStremeError) => this.#onFailed(error),
    }
    this.#session = new SwarmSession(engine, options, request, events, log)
    const situation = {
      content: () => this.#content,
      isInSwarm: () => this.#session.isRunning,
      isDryElsewhere: () => keeper.isDryElsewhere(this),
      room: () => this.#room.now,
    }
    this.#plan = new FetchPlan(situation, {
      planned: (windows, demand) => {
        this.#session.want(windows)
        this.#room.want(demand)
      },
      rested: () => this.#room.want(),
      dryChanged: () => keeper.onDryChanged(this),
    })
  }

  /** Where its folder is, or is to be. */
  get directory(): string {
    return this.#directory
  }

  /** Somebody reads, or waits to. */
  get isUsed(): boolean {
    return this.#users.size > 0
  }

  /** Somebody asked for it to be fetched. */
  get isAwaited(): boolean {
    return this.#attendants.fetch > 0
  }

  /** It is fetched because somebody may want it. */
  get isGuessed(): boolean {
    return this.#attendants.guess > 0
  }

  /** Nobody has wanted it yet, it was only guessed that somebody may. */
  get isOnlyGuess(): boolean {
    return this.#isOnlyGuess === true
  }

  get standing(): Standing {
    if (this.isUsed) return 'used'
    if (this.isAwaited) return 'wanted'
    if (this.isGuessed) return 'guessed'
    return this.#plan.isFinishing ? 'wanted' : 'idle'
  }

  /** There is no reason to keep it in memory: nobody uses it, and nothing is being fetched. */
  get isIdle(): boolean {
    return this.standing === 'idle'
  }

  get isInSwarm(): boolean {
    return this.#session.isRunning
  }

  /** In the swarm to get something, and not only because it was wanted a moment ago, or to be shared. */
  get isFetching(): boolean {
    return this.isInSwarm && (this.#content ? this.#plan.isBusy : !this.isIdle)
  }

  /** What it is like in the swarm now. */
  get swarm(): SwarmStats {
    return this.#session.stats
  }

  /** Files that are being fetched, or that somebody watches. */
  get wanted(): ReadonlySet<number> {
    return this.#plan.wanted
  }

  /** In the swarm, and nobody was met there yet. */
  get isLookingForPeers(): boolean {
    return this.#session.isLookingForPeers
  }

  /** One of its readers could use all the bandwidth there is; no torrent then fetches anything in the background. */
  get isDry(): boolean {
    return this.#plan.isDry
  }

  /** When the last lease was returned, epoch ms. */
  get lastUsedAt(): number {
    return this.#lastUsedAt
  }

  /** Known as soon as the metadata is; then there is a folder on disk, too. */
  get info(): TorrentInfo | undefined {
    return this.#content?.info
  }

  /** What another one needs to know, so that it need not ask peers for it; `undefined` while the metadata is not known. */
  get known(): BroughtFile | undefined {
    const { metainfo } = this.#session
    if (!this.#content || !metainfo) return undefined
    return { metainfo, trackers: this.#content.info.isPrivate ? this.#trackers.ofTorrent.urls : [] }
  }

  /** Those who read, or wait to. @returns `undefined` if it is also used by somebody who never gives way */
  get viewers(): readonly Viewer[] | undefined {
    const viewers = [...this.#users.values()].filter((viewer) => viewer !== undefined)
    return viewers.length === this.#users.size ? viewers : undefined
  }

  /** Since when it is looked for, in ms of the process' clock; absent as soon as the metadata is known. */
  get lookedForSince(): number | undefined {
    return this.#content ? undefined : this.#lookedForSince
  }

  /**
   * Keeps the torrent from being removed or put aside until the lease is returned.
   *
   * @param viewer - may have to give way all the same; absent: never
   */
  lease(viewer?: Viewer): Disposable {
    const lease = Symbol()
    this.#users.set(lease, viewer)
    return {
      [Symbol.dispose]: () => {
        if (this.#users.delete(lease)) this.#lastUsedAt = Date.now()
      },
    }
  }

  /** Keeps the torrent in memory until this is disposed of; it may be put aside or removed all the same. */
  attend(purpose: LaterPurpose): Disposable {
    this.#attendants[purpose]++
    if (purpose === 'guess') this.#isOnlyGuess ??= true
    else this.#isOnlyGuess = false
    return {
      [Symbol.dispose]: () => {
        this.#attendants[purpose]--
        this.#lastUsedAt = Date.now()
      },
    }
  }

  /**
   * Trackers to ask from the next try on, in addition to the configured ones.
   *
   * @param client - whose link named them; without it, a source or the user did
   */
  addTrackers(trackers: readonly string[], client?: string): void {
    if (client === undefined) this.#trackers.addFromSource(trackers)
    else this.#trackers.addFromClient(client, trackers)
    void this.#keepTrackers()
  }

  /**
   * There is a torrent file of it, so that no peer has to be asked for the metadata.
   *
   * @param file.metainfo - of this torrent; nothing but `info`
   * @param file.trackers - that it names; if it is private, they are the only ones
   */
  bring({ metainfo, trackers }: BroughtFile): void {
    if (!this.#content) this.#brought = metainfo
    const before = this.#trackers.ofTorrent.urls.join()
    this.#trackers.addFromFile(allowedTrackers(trackers, this.#options.trackers))
    void this.#keepTrackers()
    // With the old ones it might meet nobody.
    const isAnother = this.info?.isPrivate && this.#trackers.ofTorrent.urls.join() !== before
    if (isAnother && this.#session.isRunning) void this.#rejoin()
  }

  /** Joins the swarm if it has not. */
  async join(triesMade = 0, purpose: Purpose = 'watch'): Promise<void> {
    if (this.#session.isRunning) return this.#session.start()
    await this.#adoptFiles()
    await this.#keeper.takeSlot(this, purpose, () => {
      if (!this.#session.isRunning) {
        this.#log.info(`Starting torrent stream for hash: ${this.infoHash}`)
        this.#warnIfUnreachable()
        this.#mostSeeders = undefined
        this.#lookedForSince = performance.now()
      }
      this.#session.start(triesMade)
      this.replan()
    })
  }

  /** Leaves the swarm although it is used: those who use it are told why, and end. */
  async giveWay(reason: SelfStremeError): Promise<void> {
    for (const viewer of this.viewers ?? []) viewer.end(reason)
    await this.leaveSwarm()
  }

  /** Leaves the swarm; what is on disk stays, and is written down. */
  async leaveSwarm(): Promise<void> {
    this.#plan.stopFinishingAll()
    // A torrent that somebody uses is never put aside: whoever waits here only fetches it for later.
    this.#failAll(new SelfStremeError('torrent.busy', `${this.infoHash} was suspended`))
    await this.#session.stop()
    this.replan()
    await this.save()
  }

  /** Writes down what is on disk, if that has changed. */
  async save(): Promise<void> {
    await this.#content?.save()
    await this.#keepTrackers()
  }

  /** Nothing is left to be written down. */
  get isSaved(): boolean {
    return this.#content?.isSaved ?? true
  }

  /** Tells how much is on disk of it now. */
  async measure(): Promise<void> {
    await this.#content?.measure()
  }

  /**
   * Makes its folder, if it has none.
   *
   * @throws SelfStremeError `disk.full`, `disk.read_only`, `disk.failed`
   */
  async makeFolder(): Promise<void> {
    if (!this.#content) this.#directory = await this.#metainfo.makeFolder()
  }

  #noteWithoutPeers(): void {
    this.#keeper.withoutPeers.note(this.infoHash, this.#trackers.urls)
  }

  /** Remembers if what only peers can give did not come in time. */
  async #fromPeers<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
    try {
      return await answer
    } catch (error) {
      if (isTimeOver(signal)) this.#noteWithoutPeers()
      throw error
    }
  }

  /** @throws SelfStremeError `media.no_peers` where the last wait for them has just ended */
  #needPeers(): void {
    if (this.#keeper.withoutPeers.isOfNoUse(this.infoHash, this.#trackers.urls))
      throw new SelfStremeError('media.no_peers', `no peer gave ${this.infoHash} a moment ago`)
  }

  /** @throws SelfStremeError when the metadata cannot be had, or the signal's reason */
  async whenInfo(signal: AbortSignal, triesMade = 0, purpose: Purpose = 'watch'): Promise<TorrentInfo> {
    if (!this.#content) {
      await this.#room.needForNotes()
      if (this.#brought) await this.learn(this.#brought)
    }
    if (!this.#content) {
      if (purpose === 'watch') this.#needPeers()
      await this.join(triesMade, purpose)
      if (!this.#content) await this.#fromPeers(this.#infoWaiters.wait(signal), signal)
    }
    return this.#known().info
  }

  /** Takes the metadata from somebody else than a peer. @param metainfo - of this torrent; nothing but `info` */
  async learn(metainfo: Uint8Array): Promise<void> {
    if (this.#content) return
    this.#learning ??= this.#learn(metainfo).finally(() => {
      this.#learning = undefined
    })
    await this.#learning
  }

  async #learn(metainfo: Uint8Array): Promise<void> {
    await this.#session.learn(metainfo)
    await this.#onMetainfo(metainfo)
  }

  /** How much of some bytes is missing, counted in pieces; `undefined` while the metadata is not known. */
  need(portion: Portion): { readonly bytes: number; readonly missingBytes: number } | undefined {
    const content = this.#content
    if (!content) return undefined
    const pieces = [...piecesOfPortion(content.info, portion)]
    const bytesOf = (some: readonly number[]) =>
      some.reduce((sum, piece) => sum + pieceLengthAt(content.info, piece), 0)
    return {
      bytes: bytesOf(pieces),
      missingBytes: bytesOf(pieces.filter((piece) => content.pieces.isMissing(piece))),
    }
  }

  /**
   * Fetches files to their end, or parts of them, though nobody may watch them. Resolves when they are there.
   *
   * @throws SelfStremeError `torrent.busy` when it is put aside, `media.no_peers` and others when the swarm does not
   * give it, or the signal's reason
   */
  async fetch({ files, parts = [] }: Portion, purpose: LaterPurpose, signal: AbortSignal): Promise<void> {
    const content = this.#known()
    const partly = parts.map(({ fileIdx }) => fileIdx)
    for (const fileIdx of new Set([...files, ...partly])) await content.lookAt(fileIdx)
    const spans = spansOf(content.info, parts)
    const arePartsThere = () => !spans.some(({ from, to }) => content.pieces.anyMissing(from, to))
    using _parts = this.#plan.fetchParts(spans)
    try {
      for (;;) {
        const unfinished = files.filter((fileIdx) => !content.wasWhole(fileIdx))
        for (const fileIdx of unfinished) this.#plan.finish(fileIdx)
        const isMissing = unfinished.some((fileIdx) => content.missingIn(fileIdx).missing > 0)
        if ((isMissing || !arePartsThere()) && !this.isInSwarm) await this.join(0, purpose)
        if (files.every((fileIdx) => content.wasWhole(fileIdx)) && arePartsThere()) break
        await this.#fetchers.wait(signal)
      }
    } finally {
      for (const fileIdx of files) this.#plan.stopFinishing(fileIdx)
    }
    // A short file may be nothing but its parts.
    for (const fileIdx of partly) content.completeIfWhole(fileIdx)
  }

  /** Does for the files that are fetched for later what a viewer's request does: looks whether they are still there. */
  async lookAfterFetched(): Promise<void> {
    if (!(this.isAwaited || this.isGuessed) || !this.#content) return
    for (const fileIdx of this.#plan.wanted) await this.#content.lookAfter(fileIdx)
    this.#fetchers.wakeAll()
  }

  pathOf(fileIdx: number): string {
    return this.#known().pathOf(fileIdx)
  }

  /** @returns `undefined` if it is not whole */
  openWhole(fileIdx: number): Promise<OpenFile | undefined> {
    return this.#known().openWhole(fileIdx)
  }

  /**
   * Resolves when an answer may begin: the first byte is on disk and verified, or a peer is there to give it.
   *
   * @param position - first byte, counted from the start of the file
   */
  async whenStartable(fileIdx: number, position: number, signal: AbortSignal): Promise<void> {
    const { pieces, claimed, info, file } = this.#known().parts(fileIdx)
    const piece = Math.floor((file.offset + position) / info.pieceLength)
    if (pieces.stateOf(piece) === 'claimed') await claimed.check(piece)
    if (!pieces.isMissing(piece)) return
    if (this.swarm.peers === 0) this.#needPeers()
    const either = new AbortController()
    const stop = AbortSignal.any([signal, either.signal])
    this.#starting++
    try {
      await this.#room.needToStart(info.pieceLength, this.#known().missingIn(fileIdx).missing)
      await this.join()
      await this.#metainfo.kept
      const oneOfThem = Promise.race([pieces.whenThere(piece, stop), this.#session.whenPeerFound(stop)])
      await this.#fromPeers(oneOfThem, signal)
    } finally {
      either.abort()
      this.#starting--
    }
  }

  /** Somebody will read from here soon: what they need first is fetched from now on, until this is disposed of. */
  expectReader(fileIdx: number, position: number): Disposable {
    const { file } = this.#known().parts(fileIdx)
    return this.#plan.read(new ActiveReader(file, position, file.length, performance.now()))
  }

  /**
   * Bytes of a file that is being fetched, as they are there and verified.
   *
   * @param expected - the reader was; it is there now
   */
  async *readVerified(
    fileIdx: number,
    range: ByteRange,
    expected: Disposable | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<Buffer, void, void> {
    const content = this.#known()
    // Since the last reader the disk may have been taken out, and put in again without what it had not written.
    if (this.#room.isFailing) content.distrust()
    const parts = content.parts(fileIdx)
    const reader = new ActiveReader(parts.file, range.start, range.end + 1, performance.now())
    const readableEnd = verifiedReader({
      ...parts,
      firstPieceMs: this.#options.timeoutMs,
      stallMs: this.#options.stallTimeoutMs,
      onMissing: () => {
        this.replan()
        return this.join()
      },
    })
    await using file = content.hold(fileIdx)
    using _reading = this.#plan.read(reader)
    expected?.[Symbol.dispose]()
    const openFile = async (position: number, length: number) => {
      const opened = await file.open()
      // It may be another one than the one that the bytes were in when they were waited for.
      return file.isCurrent && areVerified(parts, position, length) ? opened : undefined
    }
    for await (const slice of readSlices(openFile, range, readableEnd, signal)) {
      yield slice
      reader.onDelivered(slice.length, performance.now())
      this.replan()
    }
    if (reader.delivered !== lengthOf(range)) throw new SelfStremeError('media.damaged', 'bytes are missing')
  }

  /** Somebody watches a file from now on: the rest of it is fetched as well. Ends when the watcher leaves. */
  watch(fileIdx: number): Disposable {
    this.#isOnlyGuess = false
    const watching = this.#plan.watch(fileIdx)
    this.#joinIfMissing(fileIdx)
    return watching
  }

  /** Tells the engine what to fetch. */
  replan(): void {
    this.#plan.replan()
  }

  /** There may be room on the disk now where there was too little. */
  onRoom(): void {
    if (this.#room.isWaitedFor) this.#session.retryWrites()
    this.replan()
  }

  /** Where that fails, the reader hears of it as soon as it needs a piece. */
  #joinIfMissing(fileIdx: number): void {
    if (this.#known().missingIn(fileIdx).missing === 0) return
    this.join().catch((error: unknown) =>
      this.#log.debug('swarm not joined', { infoHash: this.infoHash, reason: messageOf(error) }),
    )
  }

  #contentOf(found: FoundFolder): TorrentContent {
    const events = {
      damaged: (piece: number) => {
        this.#session.unverify(piece)
        this.replan()
        this.#fetchers.wakeAll()
      },
      lost: () => {
        if (this.#session.isRunning) void this.#rejoin()
        else this.#fetchers.wakeAll()
      },
      whole: (fileIdx: number) => void this.#onWhole(fileIdx),
      changed: (contents: Contents) => this.#keeper.onContents(contents),
    }
    return new TorrentContent(this.infoHash, found, events, this.#log)
  }

  /** Has the engine close its files, which may no longer be the ones in the folder, and open them anew. */
  async #rejoin(): Promise<void> {
    await this.#session.stop()
    if (this.#plan.hasReaders || this.#plan.isFinishing)
      await this.join().catch((error: SelfStremeError) => this.#onFailed(error))
  }

  /** The engine writes only to files that are known to be ours. */
  async #adoptFiles(): Promise<void> {
    if (!this.#content) return
    try {
      await this.#noteOwnFiles(this.#directory, this.#content.info)
    } catch (error) {
      // Nothing is written there anyway, and what is there can be shared.
      if (!(error instanceof SelfStremeError && error.code === 'disk.read_only')) throw error
    }
  }

  #noteOwnFiles(directory: string, info: TorrentInfo): Promise<void> {
    return this.#room.note(() => writing(directory, () => adoptFiles(directory, info)))
  }

  async #onMetainfo(metainfo: Uint8Array): Promise<void> {
    if (this.#content) return
    const info = await readTorrentInfo(metainfo)
    if (this.#content) return
    const { infoHash } = this
    const directory = await this.#metainfo.makeFolder(info)
    this.#directory = directory
    // The user has put a folder where ours was to be.
    if (this.#session.isRunning && directory !== this.#engineDirectory) await this.#session.learn(metainfo)
    const state = { whole: {} }
    // While it was looked for, somebody may have brought it.
    const brought = await readFolder(directory, infoHash)
    if (brought) await this.#noteOwnFiles(directory, info)
    const content = this.#contentOf(
      brought ?? { directory, metainfo, info, state, claimed: new Uint8Array() },
    )
    this.#content = content
    this.#brought = undefined
    this.#restoreTrackers(brought)
    this.#warnIfUnreachable()
    this.#log.info(`Torrent ready: ${info.name}, files: ${info.files.length}`, { infoHash: this.infoHash })
    // The first pieces are on their way while this is being written.
    if (!brought) this.#metainfo.keep(directory, metainfo)
    this.#infoWaiters.wakeAll()
    this.replan()
    try {
      await this.#metainfo.kept
      await this.#keepTrackers()
      this.#keeper.onContents(content.contents())
      // Only now there is something to note it with.
      this.#noteSeeders()
    } catch (error) {
      this.#content = undefined
      content.pieces.failWaiters(error)
      throw error
    }
  }

  #restoreTrackers(found: FoundFolder | undefined): void {
    if (!found?.trackers) return
    const { urls, areOfFile } = found.trackers
    const allowed = allowedTrackers(urls, this.#options.trackers)
    if (areOfFile) this.#trackers.addFromFile(allowed)
    else this.#trackers.addFromSource(allowed)
  }

  /** What is not private does not need them: there are others to ask. */
  async #keepTrackers(): Promise<void> {
    if (this.info?.isPrivate) await this.#trackerKeeper.keep(this.#directory, this.#trackers.ofTorrent)
  }

  #warnIfUnreachable(): void {
    if (!this.info?.isPrivate || this.#trackers.ofTorrent.urls.length > 0) return
    this.#log.warn(
      'a private torrent has no tracker of its own, so it meets no peers: add its torrent file',
      {
        infoHash: this.infoHash,
      },
    )
  }

  #onVerified(pieces: readonly number[]): void {
    this.#room.spend(this.#content?.markVerified(pieces) ?? 0)
    for (const fileIdx of this.#plan.wanted) this.#content?.completeIfWhole(fileIdx)
    if (this.#plan.hasParts) this.#fetchers.wakeAll()
    this.replan()
  }

  #onDiskReady(): void {
    if (this.#room.isFailing) this.#content?.distrust()
    this.#room.onTaken()
  }

  #onMissing(pieces: readonly number[]): void {
    this.#content?.markMissing(pieces)
    this.replan()
  }

  async #onWhole(fileIdx: number): Promise<void> {
    const content = this.#content
    // Its metadata could not be written down meanwhile.
    if (!content) return
    const { name, length } = content.file(fileIdx)
    this.#plan.stopFinishing(fileIdx)
    this.#fetchers.wakeAll()
    this.#log.info(`Download complete: ${name}`, { infoHash: this.infoHash, bytes: length })
    const areWhole = [...this.#plan.wanted].every((wanted) => content.wasWhole(wanted))
    const isDone = this.#starting === 0 && areWhole && !this.#plan.hasParts
    if (isDone && !this.#options.seed) await this.#session.stop()
  }

  #onStats({ peers, seeders, downloadSpeed }: SwarmStats): void {
    if (peers > 0) {
      this.#mostSeeders = Math.max(seeders, this.#mostSeeders ?? 0)
      this.#noteSeeders()
    }
    const [watched] = this.#plan.wanted
    if (watched === undefined) return
    const { missing, of } = this.#known().missingIn(watched)
    const percent = (100 * (of - missing)) / of
    this.#log.debug(`Download progress: ${percent.toFixed(1)}%, peers: ${peers}, speed: ${downloadSpeed}`, {
      infoHash: this.infoHash,
    })
  }

  #noteSeeders(): void {
    if (this.#mostSeeders !== undefined) this.#keeper.onSeeders(this.#mostSeeders)
  }

  #onFailed(error: SelfStremeError): void {
    this.#log.warn(`Torrent failed: ${this.infoHash}`, { code: error.code, reason: error.message })
    if (error.code === 'media.no_peers') this.#noteWithoutPeers()
    this.#plan.stopFinishingAll()
    this.#failAll(error)
    this.#content?.pieces.failWaiters(error)
    if (!this.#content) this.#metainfo.discardUnkept()
    this.replan()
  }

  #failAll(error: SelfStremeError): void {
    this.#infoWaiters.failAll(error)
    this.#fetchers.failAll(error)
  }

  #known(): TorrentContent {
    if (!this.#content)
      throw new SelfStremeError('media.no_peers', `the metadata of ${this.infoHash} is not known`)
    return this.#content
  }
}
