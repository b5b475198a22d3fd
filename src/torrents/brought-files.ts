import { LRUCache } from 'lru-cache'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'

const MOST_BYTES = 64 * 1024 * 1024

/** A torrent file that came from elsewhere than a peer. */
export interface BroughtFile {
  /** nothing but `info` */
  readonly metainfo: Uint8Array
  /** that it names */
  readonly trackers: readonly string[]
}

/**
 * Torrent files of private torrents that a source led to, kept until somebody plays them. Without the metadata it would
 * have to be asked for in the swarm, by whoever may not be told of the torrent: until it is there, nobody knows that the
 * torrent is private.
 */
export class BroughtFiles {
  readonly #files = new LRUCache<InfoHash, BroughtFile>({
    maxSize: MOST_BYTES,
    sizeCalculation: ({ metainfo }) => metainfo.length,
  })

  put(infoHash: InfoHash, file: BroughtFile): void {
    this.#files.set(infoHash, file)
  }

  has(infoHash: InfoHash): boolean {
    return this.#files.has(infoHash)
  }

  find(infoHash: InfoHash): BroughtFile | undefined {
    return this.#files.get(infoHash)
  }
}
