import type { Refusal } from '../disk/disk-errors.ts'
import type { GoodPeer } from '../domain/bittorrent/good-peers.ts'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { FileId } from '../files/file-id.ts'

/** The swarm, as the rest of the server sees it: it reports metadata and verified pieces, and never passes on bytes. */
export interface Engine extends AsyncDisposable {
  /** Joins the swarm of a torrent, and joins it again after each restart of the engine. */
  open(request: OpenTorrent): void
  /** Sets the pieces to fetch, in place of the last ones. Nothing else is fetched. */
  want(infoHash: InfoHash, windows: readonly PieceWindow[]): void
  /** A verified piece turned out to be wrong on disk, and has to be fetched again. */
  unverify(infoHash: InfoHash, piece: number): void
  /** Retries writes that wait for space on the disk; they are also retried about once a second. */
  retryWrites(infoHash: InfoHash): void
  /** Leaves the swarm; when this resolves, no file of the torrent is open or written any more. */
  close(infoHash: InfoHash): Promise<void>
}

export interface OpenTorrent {
  readonly infoHash: InfoHash
  /** announced to, unless the torrent is known to be private */
  readonly trackers: readonly string[]
  /** those of them that the torrent names itself: a private torrent is announced to no others (BEP 27) */
  readonly ofTorrent: readonly string[]
  /** where the files go; must exist */
  readonly directory: string
  /** from an earlier run, so that it need not be fetched from peers */
  readonly metainfo?: Uint8Array | undefined
  /** the claimed pieces, one bit each, the first piece in the highest bit (BEP 3, "bitfield") */
  readonly claimed: () => Uint8Array | undefined
  /** dialled before all others; they may be from a file that others changed */
  readonly goodPeers: () => readonly GoodPeer[]
  readonly on: TorrentEvents
}

/** What the engine reports of one torrent. */
export interface TorrentEvents {
  /** A torrent file with only `info` in it, checked. */
  metainfo(bytes: Uint8Array): void
  /**
   * The engine reads and writes this file from now on. Called before a piece in it is verified, and again when the file
   * is replaced. `file` counts all files from 0.
   *
   * @param changedAt - when it was last changed (ctime), epoch ms
   */
  opened(file: number, id: FileId, changedAt: number): void
  /**
   * Nothing but the engine has changed this file since it was {@link opened}, or since it was last {@link changed}, until
   * this time (ctime, epoch ms). Called before a piece that was written is verified.
   *
   * @param isWriting - the engine is about to change it further
   */
  wrote(file: number, changedAt: number, isWriting: boolean): void
  /** Another program has changed this file: none of its pieces is verified. */
  changed(file: number): void
  /** These pieces are on disk, in the files that were last {@link opened}, and have the right hash. */
  verified(pieces: readonly number[]): void
  /** These pieces were claimed or verified, and are missing. */
  missing(pieces: readonly number[]): void
  /**
   * A file that has other names too, and so is the user's, is replaced by this copy as soon as this returns. `file` counts
   * all files from 0.
   */
  replacing(file: number, copy: FileId): void
  /**
   * The disk refuses writes: fetched pieces wait in memory, and nothing more is fetched into the same folder until
   * {@link diskReady}.
   */
  diskFull(refusal: Refusal): void
  /** All waiting pieces are written, or lost. */
  diskReady(): void
  /** The engine has crashed, and writes to no file until it was {@link opened} again. */
  ended(): void
  /** About once a second, and whenever a peer connects or leaves. */
  stats(stats: SwarmStats): void
  /** The peers to dial first the next time: as of now, and at most once a second. */
  goodPeers(peers: readonly GoodPeer[]): void
  /** The torrent cannot be fetched, for good; the engine has closed it. */
  failed(failure: EngineFailure): void
}

export interface SwarmStats {
  /** peers with an open connection */
  readonly peers: number
  /** those of them with all pieces; 0 while the metadata is not known */
  readonly seeders: number
  /** bytes per second */
  readonly downloadSpeed: number
}

export interface EngineFailure {
  readonly code: 'torrent.invalid' | 'disk.failed' | 'engine.down'
  readonly reason: string
}

/**
 * Pieces to fetch, both ends inclusive. `urgent` ones come first, then those `ahead` of readers, and `background` ones
 * only when those leave peers idle.
 */
export interface PieceWindow {
  readonly from: number
  readonly to: number
  readonly priority: 'urgent' | 'ahead' | 'background'
}

/** Message stream encryption: only for peers that take no other connection, for all that know it, or never. */
export type Encryption = 'auto' | 'prefer' | 'never'

/** The engine's own settings. */
export interface EngineOptions {
  /** torrents are opened in no other folders; absolute */
  readonly folders: readonly string[]
  /** TCP (and uTP) port; 0 = any */
  readonly port: number
  /** these trackers may have private addresses, all others only public ones */
  readonly trustedTrackers: readonly string[]
  /** DNS servers for the names of all other trackers, `address:port`; absent = those of the system */
  readonly nameServers?: readonly string[] | undefined
  readonly dht: boolean
  /** file of ours for nodes of the DHT; absent = they are not kept */
  readonly dhtFile?: string | undefined
  readonly pex: boolean
  readonly lsd: boolean
  readonly utp: boolean
  readonly webRtc: boolean
  readonly nat: boolean
  readonly encryption: Encryption
  /** of one torrent that has what it needs */
  readonly maxPeers: number
  /** new connections of all torrents together; twice as many may be unanswered */
  readonly dialsPerSecond: number
  /** bytes per second */
  readonly downloadLimit?: number | undefined
  readonly uploadLimit?: number | undefined
}
