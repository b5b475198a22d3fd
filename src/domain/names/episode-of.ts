import type { VideoId } from '../video-id.ts'
import { countFromFirst, type KnownEpisodes } from './episode-count.ts'
import type { LibraryName } from './library-name.ts'

/**
 * Whether a file of a film or a series is the requested video. A name without season counts from the first episode of
 * the series; converting that number needs the lengths of all seasons before.
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
