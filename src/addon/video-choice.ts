import type { EpisodeChoice, MovieChoice } from '../domain/choice/file-choice.ts'
import { countFromFirst } from '../domain/names/episode-count.ts'
import type { VideoId } from '../domain/video-id.ts'
import { withoutUndefined } from '../lib/without-undefined.ts'
import type { Title } from '../sources/title.ts'

/** The parts of a title that help to choose a file. */
export type KnownTitle = Pick<Title, 'name' | 'year' | 'episodes'>

/** How to choose the file of a video. @param title - if known */
export function videoChoice(video: VideoId, title: KnownTitle | undefined): MovieChoice | EpisodeChoice {
  const { name, year } = title ?? {}
  if (video.kind === 'movie') return withoutUndefined({ kind: 'movie' as const, title: name, year })
  const { season, episode } = video
  const absolute = title && season !== undefined ? countFromFirst(season, episode, title) : undefined
  return withoutUndefined({ kind: 'episode' as const, season, episode, absolute, title: name, year })
}
