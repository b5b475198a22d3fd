import type { VideoId } from '../domain/video-id.ts'
import type { Search } from '../sources/search.ts'

/** More at a time are not worth the trouble: the viewer may never want them. */
const MOST_AT_A_TIME = 2

/** Searches for what comes next while the viewer still watches. */
export interface NextEpisodes extends Disposable {
  warm(video: VideoId): void
}

/**
 * Has the sources asked for the episode behind one that was listed, so that its list is there at once when it is
 * wanted. What they say is kept by the search itself.
 */
export function createNextEpisodes(search: Pick<Search, 'find'>): NextEpisodes {
  const closing = new AbortController()
  let underWay = 0

  return {
    warm(video) {
      if (video.kind !== 'episode' || underWay >= MOST_AT_A_TIME || closing.signal.aborted) return
      underWay++
      search
        .find({ ...video, episode: video.episode + 1 }, closing.signal, {
          isRelayed: false,
          client: 'next episodes',
          onlyKnown: false,
        })
        // It fails only when we close.
        .catch(() => undefined)
        .finally(() => underWay--)
    },
    [Symbol.dispose]: () => closing.abort(),
  }
}
