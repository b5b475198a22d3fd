import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import { SelfStremeError } from '../domain/errors.ts'
import type { Log } from '../observe/log.ts'
import { LOG_MESSAGES } from '../observe/log-messages.ts'
import type { FoundFolder } from '../storage/read-folder.ts'
import type { BroughtFile } from './brought-files.ts'
import { PeerWait } from './fetching/peer-wait.ts'
import { SwarmSession } from './fetching/swarm-session.ts'
import { TorrentRoom } from './fetching/torrent-room.ts'
import { TorrentTrackers } from './fetching/torrent-trackers.ts'
import { KnownTorrent } from './known-torrent.ts'
import { type LinkedTorrent, SwarmLink } from './swarm-link.ts'
import type { HostedFiles } from './torrent-host.ts'
import { type Learner, TorrentMetadata } from './torrent-metadata.ts'
import type { TorrentOptions, TorrentParts } from './torrent-parts.ts'
import { stateAfter, type TorrentEvent, type TorrentState } from './torrent-state.ts'
import { type Purpose, type Standing, TorrentUsers } from './torrent-users.ts'

/** One torrent: who holds it, whether its metadata is known, and its stay in the swarm. */
export class Torrent implements Learner, LinkedTorrent {
  readonly infoHash: InfoHash
  readonly options: TorrentOptions
  readonly users = new TorrentUsers()
  readonly trackers: TorrentTrackers
  readonly room: TorrentRoom
  readonly metadata: TorrentMetadata
  readonly swarm: SwarmSession
  readonly peerWait: PeerWait
  readonly log: Log
  readonly #parts: TorrentParts
  readonly #link: SwarmLink
  #state: TorrentState<KnownTorrent> = { kind: 'unknown' }

  /** @param found - its folder, if an earlier run left one */
  constructor(options: TorrentOptions, found: FoundFolder | undefined, parts: TorrentParts, log: Log) {
    const { infoHash, directory, base } = options
    const place = () => parts.places.find(infoHash, base)
    this.infoHash = infoHash
    this.options = options
    this.log = log
    this.#parts = parts
    this.trackers = new TorrentTrackers(options.trackers, found?.trackers, log)
    this.room = new TorrentRoom(parts.room, infoHash, directory)
    this.peerWait = new PeerWait(infoHash, parts.withoutPeers, this.trackers)
    this.metadata = new TorrentMetadata(this, directory, place, log)
    this.#link = new SwarmLink(this, parts)
    this.swarm = new SwarmSession(parts.engine, options, this.#link, log)
    if (!found) return
    this.swarm.learn(found.metainfo)
    this.#setKnown(found)
  }

  get directory(): string {
    return this.metadata.directory
  }

  get state(): TorrentState<KnownTorrent>['kind'] {
    return this.#state.kind
  }

  /** What there is of it once its metadata is known; then there is a folder on disk, too. */
  get known(): KnownTorrent | undefined {
    return 'known' in this.#state ? this.#state.known : undefined
  }

  get info(): TorrentInfo | undefined {
    return this.known?.content.info
  }

  get isInSwarm(): boolean {
    return this.#state.kind === 'seeking' || this.#state.kind === 'active'
  }

  /** In the swarm to get something, and not only because it was wanted a moment ago, or to be shared. */
  get isFetching(): boolean {
    return this.isInSwarm && (this.known ? this.known.plan.isBusy : !this.isIdle)
  }

  get standing(): Standing {
    const { standing } = this.users
    return standing === 'idle' && this.known?.plan.isFinishing ? 'wanted' : standing
  }

  /** There is no reason to keep it in memory. */
  get isIdle(): boolean {
    return this.standing === 'idle'
  }

  get isDry(): boolean {
    return this.known?.isDry === true
  }

  /** Nothing is left to be saved. */
  get isSaved(): boolean {
    return this.known?.content.isSaved ?? true
  }

  get lookedForSince(): number | undefined {
    return this.#state.kind === 'seeking' ? this.#state.since : undefined
  }

  /** Its metadata and, if it is private, its trackers; `undefined` while the metadata is not known. */
  get torrentFile(): BroughtFile | undefined {
    const { metainfo } = this.swarm
    if (!this.info || !metainfo) return undefined
    return { metainfo, trackers: this.info.isPrivate ? this.trackers.own : [] }
  }

  get whenSaved(): Promise<void> {
    return this.metadata.saved
  }

  isCurrent(files: HostedFiles): boolean {
    return this.known === files
  }

  /** Takes a torrent file, so that no peer has to be asked for the metadata. */
  bring({ metainfo, trackers }: BroughtFile): void {
    this.metadata.bring(metainfo)
    const isChanged = this.trackers.addFromFile(trackers)
    void this.saveTrackers()
    // With the old trackers a private torrent might meet no peer.
    if (isChanged && this.info?.isPrivate && this.isInSwarm) void this.rejoin()
  }

  /** Adds trackers that a list, a link or the owner named. @param client - the client whose link it was */
  addTrackers(urls: readonly string[], client?: string): void {
    this.trackers.add(urls, client)
    void this.saveTrackers()
  }

  async join(purpose: Purpose = 'watch'): Promise<void> {
    if (this.isInSwarm) return this.swarm.start()
    if (this.info) await this.metadata.adoptFiles(this.info)
    await this.#parts.slots.take(this, purpose, () => this.#enter())
  }

  /** Leaves the swarm for another client's torrent: its viewers get the reason, and end. */
  async giveWay(reason: SelfStremeError): Promise<void> {
    for (const viewer of this.users.viewers ?? []) viewer.end(reason)
    await this.leaveSwarm()
  }

  /** Leaves the swarm; what is on disk stays, and is saved. */
  async leaveSwarm(): Promise<void> {
    // Only downloads wait here: a torrent that is used is not suspended.
    const suspended = new SelfStremeError('torrent.busy', `${this.infoHash} was suspended`)
    this.metadata.fail(suspended)
    this.known?.plan.stopFinishingAll()
    this.known?.fetching.fail(suspended)
    await this.stopSwarm()
    this.replan()
    await this.save()
  }

  async rejoin(): Promise<void> {
    await this.stopSwarm()
    const plan = this.known?.plan
    if (plan?.hasReaders || plan?.isFinishing)
      await this.join().catch((error: SelfStremeError) => this.fail(error))
  }

  async stopSwarm(): Promise<void> {
    this.#move({ kind: 'left' })
    await this.swarm.stop()
  }

  async restartWith(metainfo: Uint8Array): Promise<void> {
    this.swarm.learn(metainfo)
    if (!this.isInSwarm) return
    await this.swarm.stop()
    if (this.isInSwarm) this.swarm.start()
  }

  learn(found: FoundFolder): KnownTorrent {
    const known = this.#setKnown(found)
    const { name, files } = found.info
    this.trackers.warnIfUnreachable(this)
    this.log.info(LOG_MESSAGES.ready(name, files.length), { infoHash: this.infoHash })
    known.schedule()
    return known
  }

  async onSaved(known: KnownTorrent): Promise<void> {
    await this.saveTrackers()
    known.changed(known.content.contents())
    this.#link.noteSeeders()
  }

  unlearn(known: KnownTorrent): void {
    if (this.known !== known) return
    this.#move({ kind: 'unlearned', at: performance.now() })
    this.room.want()
    this.#parts.slots.onDryChanged(this)
  }

  /** Saves what is on disk, if that has changed. @param isLast - it may not be called again for a while */
  async save(isLast = !this.isInSwarm): Promise<void> {
    await this.known?.save(isLast)
    await this.saveTrackers()
  }

  /** Only a private torrent needs its own trackers: others are found in many ways. */
  async saveTrackers(): Promise<void> {
    if (this.info?.isPrivate) await this.trackers.save(this.directory)
  }

  replan(): void {
    this.known?.schedule()
  }

  /** The disk may have more room, or less. */
  onRoom(): void {
    if (this.room.isWaitedFor) this.swarm.retryWrites()
    this.replan()
  }

  fail(error: SelfStremeError): void {
    this.#move({ kind: 'left' })
    this.log.warn(`Torrent failed: ${this.infoHash}`, { code: error.code, reason: error.message })
    if (error.code === 'media.no_peers') this.peerWait.noteInVain()
    this.metadata.fail(error)
    this.known?.fail(error)
    if (!this.known) this.metadata.discardUnsaved()
    this.replan()
  }

  #enter(): void {
    if (!this.isInSwarm) {
      this.log.info(LOG_MESSAGES.starting(this.infoHash))
      this.trackers.warnIfUnreachable(this)
      this.#link.begin()
      this.#move({ kind: 'joined', at: performance.now() })
    }
    this.swarm.start()
    this.replan()
  }

  #setKnown(found: FoundFolder): KnownTorrent {
    const known = new KnownTorrent(this, found, this.#parts, this.log)
    this.#move({ kind: 'learned', known })
    if (found.trackers) this.trackers.restore(found.trackers)
    return known
  }

  #move(event: TorrentEvent<KnownTorrent>): void {
    this.#state = stateAfter(this.#state, event)
  }
}
