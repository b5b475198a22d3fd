import type { Explanation } from '../cleanup/explain.ts'
import type { Janitor } from '../cleanup/janitor.ts'
import type { PlacedEntry, PlacedFiles } from '../placed/placed-files.ts'
import type { TorrentEntry } from './describe.ts'
import type { OwnerTorrents } from './torrents.ts'

/** Everything that can be played from disk, and the limits. */
export interface Overview extends Omit<Explanation, 'next' | 'kept'> {
  readonly torrents: readonly TorrentEntry[]
  /** videos that the user put into the download folder: served, and never touched */
  readonly placed: readonly PlacedEntry[]
}

export interface CacheOverview {
  overview(): Promise<Overview>
  /** What would be removed next, and why. */
  explain(): Promise<Explanation>
}

export function cacheOverview(
  torrents: Pick<OwnerTorrents, 'list'>,
  janitor: Pick<Janitor, 'explain'>,
  placed: Pick<PlacedFiles, 'entries'>,
): CacheOverview {
  return {
    async overview() {
      const { next: _next, kept: _kept, ...limits } = await janitor.explain()
      return { ...limits, torrents: await torrents.list(), placed: placed.entries() }
    },
    explain: () => janitor.explain(),
  }
}
