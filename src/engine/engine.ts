import type { Refusal } from '../disk/disk-errors.ts'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { FileId } from '../files/file-id.ts'

/** The swarm, as the rest of the server sees it: metadata and verified pieces come out, bytes never do. */
export interface Engine extends AsyncDisposable {
  /** Joins the swarm of a torrent, and joins it again whenever the engine had to be restarted. */
  open(request: OpenTorrent): void
  /** Says which pieces to fetch; replaces what was said before. Nothing else is fetched. */
  want(infoHash: InfoHash, windows: readonly PieceWindow[]): void
  /** Takes back that a piece is there: its bytes on disk turned out to be wrong. */
  unverify(infoHash: InfoHash, piece: number): void
  /** There may be room on the disk for what waits to be written; it is tried now and then without this, too. */
  retryWrites(infoHash: InfoHash): void
  /** Leaves the swarm; when this resolves, no file of the torrent is open or written any more. */
  close(infoHash: InfoHash): Promise<void>
}

export interface OpenTorrent {
  readonly infoHash: InfoHash
  /** asked for it unless it is private, or as long as it is not known to be */
  readonly trackers: readonly string[]
  /** the torrent's own among them; asked for it if it is private (BEP 27) */
  readonly ofTorrent: readonly string[]
  /** where the files go; must exist */
  readonly directory: string
  /** from an earlier run, so that no peer has to be asked for it */
  readonly metainfo?: Uint8Array | undefined
  /** the pieces on disk that count as there, a bit each, first piece in the highest bit (BEP 3, "bitfield") */
  readonly claimed: () => Uint8Array | undefined
  readonly on: TorrentEvents
}

/** What the engine reports of one torrent. */
export interface TorrentEvents {
  /** Torrent file with nothing but `info` in it, checked. */
  metainfo(bytes: Uint8Array): void
  /**
   * This is the file that the engine reads and writes from now on. Said before anything in it is verified, and whenever
   * it is another one than before. Counted over all files from 0.
   */
  opened(file: number, id: FileId): void
  /** These pieces are on disk, in the files that were last {@link opened}, and have the right hash. */
  verified(pieces: readonly number[]): void
  /** These pieces were claimed or verified, and are not there. */
  missing(pieces: readonly number[]): void
  /**
   * A file that has other names, and so is not ours to write to, is replaced by this copy as soon as this returns.
   * Counted over all files from 0.
   */
  replacing(file: number, copy: FileId): void
  /**
   * The disk takes nothing more: what was fetched waits in memory, and nothing is fetched into the same folder until
   * {@link diskReady}.
   */
  diskFull(refusal: Refusal): void
  /** What waited is on disk, or lost. */
  diskReady(): void
  /** About once a second, and whenever a peer comes or goes. */
  stats(stats: SwarmStats): void
  /** The torrent cannot be fetched, for good; the engine has closed it. */
  failed(failure: EngineFailure): void
}

export interface SwarmStats {
  /** peers with an open connection */
  readonly peers: number
  /** those of them that have all of it; 0 while the metadata is not known */
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
  /** the only ones that torrents are opened in; absolute */
  readonly folders: readonly string[]
  /** TCP (and uTP) port; 0 = any */
  readonly port: number
  /** these trackers may be anywhere, all others only on the internet */
  readonly trustedTrackers: readonly string[]
  /** DNS servers for the names of all other trackers, `address:port`; without it, those of the system */
  readonly nameServers?: readonly string[] | undefined
  readonly dht: boolean
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
