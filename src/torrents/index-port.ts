import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import type { Origin } from '../domain/usage.ts'
import type { Contents } from '../storage/contents.ts'

/** Which torrents are on disk, as the torrents need to know and to tell it. */
export interface Shelf {
  find(infoHash: InfoHash): Contents | undefined
  /** The metadata of a torrent that is there. */
  readInfo(infoHash: InfoHash): Promise<TorrentInfo | undefined>
  /** All of them. */
  contents(): Contents[]
  /**
   * This is there now, and replaces what was said of it before.
   *
   * @param origin - why it is there, if it was not before; `watched` unless told otherwise
   */
  put(contents: Contents, origin?: Origin): void
  /** Its folder is gone. */
  forget(infoHash: InfoHash): void
  /** Somebody reads it now. */
  noteRead(infoHash: InfoHash): void
  /** So many peers had all of it, the most at a time when it was last in the swarm. */
  noteSeeders(infoHash: InfoHash, seeders: number): void
}
