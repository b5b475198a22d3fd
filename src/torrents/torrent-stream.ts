import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { OpenVideo } from '../files/open-video.ts'

/** A file of a torrent, to be read while it is fetched. Holds the torrent until it is disposed of. */
export interface TorrentStream extends OpenVideo {
  readonly infoHash: InfoHash
  readonly fileIdx: number
  /** on our disk */
  readonly path: string
  /** All of it is on disk and verified. */
  readonly isWhole: boolean
  /** Resolves when the first bytes of an answer are on disk, or a peer is connected. */
  whenStartable(position: number, signal: AbortSignal): Promise<void>
}

/** What every stream is made of. */
export interface StreamParts extends Pick<TorrentStream, 'infoHash' | 'fileIdx' | 'name' | 'size' | 'path'> {
  /** keeps the torrent from being removed; readers add to it what ends with the reading */
  readonly lease: Disposable
}
