import type { VideoId } from '../video-id.ts'
import { countFromFirst, type KnownEpisodes } from './episode-count.ts'
import type { LibraryName } from './library-name.ts'

/**
 * Whether a file of a film or a series is what was asked for. A name without a season counts from the first episode of
 * the series: what that is in seasons is only known where somebody knows all episodes before.
 */
export function isVideoOf(
  { season, episodes }: LibraryName,
  video: VideoId,
  series?: KnownEpisodes,
): boolean {
  if (video.kind === 'movie') return episodes.length === 0
  if (season !== undefined) return isSeason(season, video.season) && episodes.includes(video.episode)
  if ((video.season ?? 1) === 1) return episodes.includes(video.episode)
  const counted = series && countFromFirst(video.season ?? 1, video.episode, series)
  return counted !== undefined && episodes.includes(counted)
}

function isSeason(season: number, wanted: number | undefined): boolean {
  return wanted === undefined || season === wanted
}
