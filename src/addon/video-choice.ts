import type { EpisodeChoice, MovieChoice } from '../domain/choice/file-choice.ts'
import { countFromFirst } from '../domain/names/episode-count.ts'
import type { VideoId } from '../domain/video-id.ts'
import { withoutUndefined } from '../lib/without-undefined.ts'
import type { Title } from '../sources/title.ts'

/** As far as the choice of a file has use for it. */
export type KnownTitle = Pick<Title, 'name' | 'year' | 'episodes'>

/** What to choose a file of a torrent by. @param title - if anybody knows it */
export function videoChoice(video: VideoId, title: KnownTitle | undefined): MovieChoice | EpisodeChoice {
  const { name, year } = title ?? {}
  if (video.kind === 'movie') return withoutUndefined({ kind: 'movie' as const, title: name, year })
  const { season, episode } = video
  const absolute = title && season !== undefined ? countFromFirst(season, episode, title) : undefined
  return withoutUndefined({ kind: 'episode' as const, season, episode, absolute, title: name, year })
}
