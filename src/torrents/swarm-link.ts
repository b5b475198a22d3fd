import type { Refusal } from '../disk/disk-errors.ts'
import type { GoodPeer } from '../domain/bittorrent/good-peers.ts'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { SelfStremeError } from '../domain/errors.ts'
import type { SwarmStats } from '../engine/engine.ts'
import type { FileId } from '../files/file-id.ts'
import { LOG_MESSAGES } from '../observe/log-messages.ts'
import type { SwarmSubject } from './fetching/swarm-subject.ts'
import type { TorrentTrackers } from './fetching/torrent-trackers.ts'
import type { KnownTorrent } from './known-torrent.ts'
import type { TorrentHost } from './torrent-host.ts'
import type { TorrentMetadata } from './torrent-metadata.ts'
import type { TorrentParts } from './torrent-parts.ts'

/** The torrent that is in the swarm. */
export interface LinkedTorrent extends TorrentHost {
  readonly known: KnownTorrent | undefined
  readonly metadata: TorrentMetadata
  readonly trackers: TorrentTrackers
  /** where its folder is, or is to be */
  readonly directory: string
  /** The stay in the swarm has ended with an error. */
  fail(error: SelfStremeError): void
}

/** What the stay in the swarm asks of a torrent, and reports to it. */
export class SwarmLink implements SwarmSubject {
  readonly #torrent: LinkedTorrent
  readonly #parts: TorrentParts
  /** the most at a time in this stay; `undefined` until a peer is connected */
  #maxSeeders: number | undefined

  constructor(torrent: LinkedTorrent, parts: TorrentParts) {
    this.#torrent = torrent
    this.#parts = parts
  }

  get infoHash(): InfoHash {
    return this.#torrent.infoHash
  }

  get directory(): string {
    return this.#torrent.directory
  }

  trackers(): readonly string[] {
    return this.#torrent.trackers.urls
  }

  ofTorrent(): readonly string[] {
    return this.#torrent.trackers.own
  }

  claimed(): Uint8Array | undefined {
    return this.#torrent.known?.content.pieces.toBitfield()
  }

  goodPeers(): readonly GoodPeer[] {
    return this.#torrent.known?.peers.peers ?? []
  }

  keepPeers(peers: readonly GoodPeer[]): void {
    this.#torrent.known?.peers.note(peers)
  }

  isShared(): boolean {
    return this.#torrent.options.seed && this.#torrent.known?.content.hasComplete === true
  }

  /** The torrent joins the swarm: seeders are counted from zero. */
  begin(): void {
    this.#maxSeeders = undefined
  }

  metainfo(bytes: Uint8Array): Promise<void> {
    return this.#torrent.metadata.receive(bytes)
  }

  verified(pieces: readonly number[]): void {
    this.#torrent.known?.onVerified(pieces)
  }

  missing(pieces: readonly number[]): void {
    this.#torrent.known?.onMissing(pieces)
  }

  opened(fileIdx: number, id: FileId, changedAt: number): void {
    this.#torrent.known?.content.files.noteEngines(fileIdx, id, changedAt)
  }

  wrote(fileIdx: number, changedAt: number, isWriting: boolean): void {
    this.#torrent.known?.content.files.noteWrote(fileIdx, changedAt, isWriting)
  }

  changed(fileIdx: number): void {
    this.#torrent.known?.content.files.noteChanged(fileIdx)
  }

  ended(): void {
    this.#torrent.known?.content.files.noteEngineEnded()
  }

  replacing(fileIdx: number, copy: FileId): void {
    this.#torrent.known?.content.files.expectCopy(fileIdx, copy)
  }

  diskFull(refusal: Refusal): void {
    this.#torrent.room.onRefused(refusal)
  }

  diskReady(): void {
    const { room, known } = this.#torrent
    if (room.isFailing) known?.content.claimUnsynced()
    room.onTaken()
  }

  stats({ peers, seeders, downloadSpeed }: SwarmStats): void {
    if (peers > 0) {
      this.#maxSeeders = Math.max(seeders, this.#maxSeeders ?? 0)
      this.noteSeeders()
    }
    const { known, log, infoHash } = this.#torrent
    const [watched] = known?.plan.wanted ?? []
    if (!known || watched === undefined) return
    const { missing, of } = known.content.missingIn(watched)
    const percent = ((100 * (of - missing)) / of).toFixed(1)
    log.debug(LOG_MESSAGES.progress(percent, peers, downloadSpeed), { infoHash })
  }

  peerCame(): void {
    this.#torrent.peerWait.notePeer()
  }

  failed(error: SelfStremeError): void {
    this.#torrent.fail(error)
  }

  /** The index can note it only for a torrent that it knows. */
  noteSeeders(): void {
    if (this.#maxSeeders !== undefined) this.#parts.index.noteSeeders(this.infoHash, this.#maxSeeders)
  }
}
