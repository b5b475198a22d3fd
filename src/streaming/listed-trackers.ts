import { LRUCache } from 'lru-cache'
import type { Found } from '../domain/candidate.ts'
import type { InfoHash } from '../domain/info-hash.ts'
import { MAX_TRACKERS } from '../domain/tracker-url.ts'

const MOST_TORRENTS = 5_000
const MOST_LETTERS = 4 * 1024 * 1024

/**
 * Which trackers our lists named for a torrent. They come back in the links of viewers, who could have written anything
 * there: only so is it known which of them come from a source that the user chose.
 */
export class ListedTrackers {
  readonly #byTorrent = new LRUCache<InfoHash, readonly string[]>({
    max: MOST_TORRENTS,
    maxSize: MOST_LETTERS,
    sizeCalculation: (urls) => urls.reduce((sum, url) => sum + url.length, 1),
  })

  note(found: readonly Found[]): void {
    for (const each of found) {
      if (each.kind !== 'torrent' || each.trackers.length === 0) continue
      const others = this.#byTorrent.get(each.infoHash) ?? []
      const urls = [...new Set([...each.trackers, ...others])]
      this.#byTorrent.set(each.infoHash, urls.slice(0, MAX_TRACKERS))
    }
  }

  /** Tells the trackers of a link apart: those that were listed with the torrent, and those that were not. */
  sort(
    infoHash: InfoHash,
    urls: readonly string[],
  ): { readonly listed: readonly string[]; readonly others: readonly string[] } {
    const known = new Set(this.#byTorrent.get(infoHash))
    return { listed: urls.filter((url) => known.has(url)), others: urls.filter((url) => !known.has(url)) }
  }
}
