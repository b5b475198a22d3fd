import type { EpisodeWish, MovieWish } from '../domain/choice/wish.ts'
import type { VideoId } from '../domain/video-id.ts'
import { withoutUndefined } from '../domain/without-undefined.ts'

/** What a film or a series is called, as far as the choice of a file has use for it. */
export interface KnownTitle {
  readonly name: string
  readonly year?: number
  /** titles of episodes, by `season:episode` */
  readonly episodes: ReadonlyMap<string, string>
}

/** What to choose a file of a torrent by. @param title - if anybody knows it */
export function videoWish(video: VideoId, title: KnownTitle | undefined): MovieWish | EpisodeWish {
  const { name, year } = title ?? {}
  if (video.kind === 'movie') return withoutUndefined({ kind: 'movie' as const, title: name, year })
  const { season, episode } = video
  const absolute = title && season !== undefined ? absoluteNumber(title, season, episode) : undefined
  return withoutUndefined({ kind: 'episode' as const, season, episode, absolute, title: name, year })
}

/** Counted from the first of the series, as fansubs count; `undefined` where an episode before it is not known. */
function absoluteNumber({ episodes }: KnownTitle, season: number, episode: number): number | undefined {
  if (season === 0) return undefined
  let before = 0
  for (let earlier = 1; earlier < season; earlier++) {
    const first = before
    for (let number = 1; episodes.has(`${earlier}:${number}`); number++) before++
    if (before === first) return undefined
  }
  return before + episode
}
