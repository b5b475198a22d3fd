import { LRUCache } from 'lru-cache'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { Viewer } from '../domain/clients/viewer.ts'
import type { BroughtFiles } from './brought-files.ts'
import type { Torrent } from './torrent.ts'
import type { TorrentRegistry } from './torrent-registry.ts'

/** How long the metadata of a torrent counts as known lately. */
const KNOWN_LATELY_MS = 60_000
const MAX_KNOWN_LATELY = 10_000

/** Torrents whose metadata was needed lately. */
export class KnownLately {
  readonly #known = new LRUCache<InfoHash, true>({ max: MAX_KNOWN_LATELY, ttl: KNOWN_LATELY_MS })

  note(infoHash: InfoHash): void {
    this.#known.set(infoHash, true)
  }

  has(infoHash: InfoHash): boolean {
    return this.#known.has(infoHash)
  }

  forget(infoHash: InfoHash): void {
    this.#known.delete(infoHash)
  }
}

/** A torrent that is not removed until the lease is returned. */
export interface HeldTorrent {
  readonly torrent: Torrent
  readonly lease: DisposableStack
}

/** Loads torrents for those who use them. */
export class HeldTorrents {
  readonly registry: TorrentRegistry<Torrent>
  readonly #brought: BroughtFiles
  readonly #knownLately: KnownLately

  constructor(registry: TorrentRegistry<Torrent>, brought: BroughtFiles, knownLately: KnownLately) {
    this.registry = registry
    this.#brought = brought
    this.#knownLately = knownLately
  }

  /**
   * The torrent for an info hash, with the torrent file that a source led to.
   *
   * @param base - extra path to put it under, if it has no folder yet
   * @param viewer - may have to give way to another client; absent: never gives way
   */
  acquire(infoHash: InfoHash, base?: string, viewer?: Viewer): Promise<HeldTorrent> {
    return this.registry.acquire(infoHash, base, (torrent) => {
      if (torrent.info) this.noteKnown(infoHash)
      const lease = new DisposableStack()
      lease.use(torrent.users.lease(viewer))
      const file = this.#brought.find(infoHash)
      if (file) torrent.bring(file)
      return { torrent, lease }
    })
  }

  /** The metadata of a torrent is known to a viewer. */
  noteKnown(infoHash: InfoHash): void {
    this.#knownLately.note(infoHash)
  }

  /** Whether the metadata is known, or was lately: what the torrent consists of is known, and peers have it. */
  isAtHand(infoHash: InfoHash): boolean {
    return this.registry.find(infoHash)?.info !== undefined || this.#knownLately.has(infoHash)
  }
}
