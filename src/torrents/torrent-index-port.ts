import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import type { Origin } from '../domain/usage.ts'
import type { Contents } from '../storage/contents.ts'

/** The index of all torrents on disk, as the torrents use it. */
export interface TorrentIndexPort {
  find(infoHash: InfoHash): Contents | undefined
  /** The metadata of a torrent on disk. */
  readInfo(infoHash: InfoHash): Promise<TorrentInfo | undefined>
  /** All torrents. */
  contents(): Contents[]
  /**
   * Replaces what the index says of a torrent.
   *
   * @param origin - why the torrent is on disk, if it is new; default `watched`
   */
  put(contents: Contents, origin?: Origin): void
  /** The folder of the torrent is gone. */
  forget(infoHash: InfoHash): void
  /** The most seeders at a time during the last stay in the swarm. */
  noteSeeders(infoHash: InfoHash, seeders: number): void
}
