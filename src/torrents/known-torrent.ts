import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { SelfStremeError } from '../domain/errors.ts'
import type { Log } from '../observe/log.ts'
import { LOG_MESSAGES } from '../observe/log-messages.ts'
import type { Contents } from '../storage/contents.ts'
import type { FoundFolder } from '../storage/read-folder.ts'
import type { ContentEvents } from './content/content-events.ts'
import { PeerKeeper } from './content/peer-keeper.ts'
import { TorrentContent } from './content/torrent-content.ts'
import { FetchPlan } from './fetching/fetch-plan.ts'
import { TorrentFetching } from './torrent-fetching.ts'
import type { HostedFiles, TorrentHost } from './torrent-host.ts'
import type { TorrentParts } from './torrent-parts.ts'
import { TorrentReading } from './torrent-reading.ts'

/** A torrent whose metadata is known: its files, and what of them is fetched. */
export class KnownTorrent implements ContentEvents, HostedFiles {
  readonly content: TorrentContent
  readonly peers: PeerKeeper
  readonly plan: FetchPlan
  readonly reading: TorrentReading
  readonly fetching: TorrentFetching
  readonly #torrent: TorrentHost
  readonly #parts: TorrentParts
  readonly #log: Log
  #isScheduled = false
  #isDry = false

  constructor(torrent: TorrentHost, found: FoundFolder, parts: TorrentParts, log: Log) {
    this.#torrent = torrent
    this.#parts = parts
    this.#log = log
    this.content = new TorrentContent({ infoHash: torrent.infoHash, found }, this, log)
    this.peers = new PeerKeeper(found, log)
    this.plan = new FetchPlan(this.content, () => this.schedule())
    this.reading = new TorrentReading(torrent, this)
    this.fetching = new TorrentFetching(torrent, this)
  }

  get infoHash(): InfoHash {
    return this.#torrent.infoHash
  }

  /** A reader could use all the bandwidth; no torrent then fetches anything in the background. */
  get isDry(): boolean {
    return this.#isDry
  }

  schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      this.#fetchNext()
    })
  }

  /** Saves what has changed. @param isLast - it may not be called again for a while */
  async save(isLast: boolean): Promise<void> {
    await this.content.save()
    await this.peers.save(isLast)
  }

  /** The engine has written these pieces. */
  onVerified(pieces: readonly number[]): void {
    this.#torrent.room.spend(this.content.markVerified(pieces))
    for (const fileIdx of this.plan.wanted) this.content.completeIfAllThere(fileIdx)
    if (this.plan.hasParts) this.fetching.wake()
    this.schedule()
  }

  /** The engine has found that these pieces are not there, or not right. */
  onMissing(pieces: readonly number[]): void {
    this.content.markMissing(pieces)
    this.schedule()
  }

  damaged(piece: number): void {
    this.#torrent.swarm.unverify(piece)
    this.schedule()
    this.fetching.wake()
  }

  lost(): void {
    if (this.#torrent.isInSwarm) void this.#torrent.rejoin()
    else this.fetching.wake()
  }

  complete(fileIdx: number): void {
    if (!this.#torrent.isCurrent(this)) return
    const { name, length } = this.content.file(fileIdx)
    this.plan.stopFinishing(fileIdx)
    this.fetching.wake()
    this.#log.info(LOG_MESSAGES.complete(name), { infoHash: this.infoHash, bytes: length })
    const areComplete = [...this.plan.wanted].every((wanted) => this.content.isComplete(wanted))
    const isDone = areComplete && !this.plan.hasParts && !this.reading.isStarting
    if (isDone && !this.#torrent.options.seed) void this.#torrent.stopSwarm()
  }

  changed(contents: Contents): void {
    const { isOnlyGuess } = this.#torrent.users
    this.#parts.index.put(contents, isOnlyGuess ? 'ahead' : 'watched')
  }

  /** The stay in the swarm has ended with an error: all who wait for pieces or files get it. */
  fail(error: SelfStremeError): void {
    this.plan.stopFinishingAll()
    this.fetching.fail(error)
    this.content.pieces.failWaiters(error)
  }

  /** The only caller of {@link FetchPlan.next}. */
  #fetchNext(): void {
    const { swarm, room, isInSwarm } = this.#torrent
    const { slots } = this.#parts
    if (!this.#torrent.isCurrent(this)) return
    if (isInSwarm || this.plan.hasReaders) {
      const limits = { room: room.now, isDryElsewhere: slots.isDryElsewhere(this.#torrent) }
      const { windows, demand, isDry } = this.plan.next(limits)
      swarm.want(windows)
      room.want(demand)
      this.#setDry(isDry)
    } else {
      room.want()
      this.#setDry(false)
    }
  }

  #setDry(isDry: boolean): void {
    if (isDry === this.#isDry) return
    this.#isDry = isDry
    this.#parts.slots.onDryChanged(this.#torrent)
  }
}
