import type { VideoId } from '../domain/video-id.ts'
import type { Search } from '../sources/search.ts'

/** Further searches at the same time are skipped: the viewer may never want them. */
const MAX_PARALLEL = 2

/** Searches for the next episode while the viewer is watching. */
export interface NextEpisodes extends Disposable {
  warm(video: VideoId): void
}

/**
 * Asks the sources for the episode after one that was listed, so that its list is there at once. The answers are cached
 * by the search.
 */
export function createNextEpisodes(search: Pick<Search, 'find'>): NextEpisodes {
  const closing = new AbortController()
  let underWay = 0

  return {
    warm(video) {
      if (video.kind !== 'episode' || underWay >= MAX_PARALLEL || closing.signal.aborted) return
      underWay++
      search
        .find({ ...video, episode: video.episode + 1 }, closing.signal, {
          isRelayed: false,
          client: 'next episodes',
          onlyKnown: false,
        })
        // Rejects only on shutdown.
        .catch(() => undefined)
        .finally(() => underWay--)
    },
    [Symbol.dispose]: () => closing.abort(),
  }
}
