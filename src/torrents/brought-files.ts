import { LRUCache } from 'lru-cache'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'

const MOST_BYTES = 64 * 1024 * 1024

/** A torrent file that did not come from a peer. */
export interface BroughtFile {
  /** nothing but `info` */
  readonly metainfo: Uint8Array
  /** that it names */
  readonly trackers: readonly string[]
}

/**
 * Torrent files of private torrents that a source led to, kept until they are played. Otherwise the metadata would have to
 * be requested from the swarm, and so the torrent be disclosed to public trackers and the DHT: that it is private is known
 * only from the metadata.
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
