import type { Explanation } from '../cleanup/explain.ts'
import type { Janitor } from '../cleanup/janitor.ts'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { LibraryEntry } from './describe.ts'
import type { Library } from './torrents.ts'

/** A video that the user put into the download folder: served, and never touched. */
export interface PlacedEntry {
  /** all that its name contains, and those of the folders it lies in */
  readonly infoHashes: readonly InfoHash[]
  readonly name: string
  readonly path: string
  /** bytes */
  readonly size: number
  /** compared with its torrent; `mismatched` is not served */
  readonly verdict: 'verified' | 'mismatched' | 'unchecked'
  /** epoch ms; absent = never */
  readonly lastReadAt?: number | undefined
  readonly plays: number
}

/** All that can be played from disk, and the limits that hold for it. */
export interface Overview extends Omit<Explanation, 'next' | 'kept'> {
  readonly torrents: readonly LibraryEntry[]
  readonly placed: readonly PlacedEntry[]
}

export interface CacheOverview {
  overview(): Promise<Overview>
  /** What would go next, and why. */
  explain(): Promise<Explanation>
}

export function cacheOverview(
  library: Pick<Library, 'list'>,
  janitor: Pick<Janitor, 'explain'>,
  placed: { entries(): readonly PlacedEntry[] },
): CacheOverview {
  return {
    async overview() {
      const { next: _next, kept: _kept, ...limits } = await janitor.explain()
      return { ...limits, torrents: await library.list(), placed: placed.entries() }
    },
    explain: () => janitor.explain(),
  }
}
