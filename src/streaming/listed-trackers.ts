import { LRUCache } from 'lru-cache'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { MAX_TRACKERS } from '../domain/bittorrent/tracker-url.ts'
import type { Found } from '../domain/list/candidate.ts'

const MAX_TORRENTS = 5_000
const MAX_LENGTH = 4 * 1024 * 1024

interface Listed {
  readonly urls: readonly string[]
  readonly isPrivate: boolean
}

/**
 * The trackers that our lists named for a torrent. They come back in viewers' links, which may contain anything: this
 * tells which trackers came from a source that the user chose.
 */
export class ListedTrackers {
  readonly #byTorrent = new LRUCache<InfoHash, Listed>({
    max: MAX_TORRENTS,
    maxSize: MAX_LENGTH,
    sizeCalculation: ({ urls }) => urls.reduce((sum, url) => sum + url.length, 1),
  })

  note(found: readonly Found[]): void {
    for (const each of found) {
      if (each.kind !== 'torrent' || each.trackers.length === 0) continue
      const { infoHash, trackers, isPrivate = false } = each
      const urls = [...new Set([...trackers, ...(this.#byTorrent.get(infoHash)?.urls ?? [])])]
      this.#byTorrent.set(infoHash, { urls: urls.slice(0, MAX_TRACKERS), isPrivate })
    }
  }

  /**
   * Separates the trackers of a link into those that were listed with the torrent and others. Links of private torrents
   * have none.
   */
  sort(
    infoHash: InfoHash,
    urls: readonly string[],
  ): { readonly listed: readonly string[]; readonly others: readonly string[] } {
    const noted = this.#byTorrent.get(infoHash)
    if (noted?.isPrivate) return { listed: noted.urls, others: [] }
    const known = new Set(noted?.urls)
    return { listed: urls.filter((url) => known.has(url)), others: urls.filter((url) => !known.has(url)) }
  }
}
