import type { LibraryName } from './library-name.ts'
import type { VideoId } from './video-id.ts'

/** What is known of how the episodes of a series are counted. */
interface Counted {
  /** titles of episodes, by `season:episode` */
  readonly episodes: ReadonlyMap<string, unknown>
}

/**
 * Whether a file of a film or a series is what was asked for. A name without a season counts from the first episode of
 * the series: what that is in seasons is only known where somebody knows all episodes before.
 */
export function isVideoOf({ season, episodes }: LibraryName, video: VideoId, series?: Counted): boolean {
  if (video.kind === 'movie') return episodes.length === 0
  if (season !== undefined) return isSeason(season, video.season) && episodes.includes(video.episode)
  if ((video.season ?? 1) === 1) return episodes.includes(video.episode)
  const counted = series && countedFromFirst(video.season ?? 1, video.episode, series)
  return counted !== undefined && episodes.includes(counted)
}

function isSeason(season: number, wanted: number | undefined): boolean {
  return wanted === undefined || season === wanted
}

function countedFromFirst(season: number, episode: number, { episodes }: Counted): number | undefined {
  if (season < 1) return undefined
  let before = 0
  for (let each = 1; each < season; each++) {
    const count = [...episodes.keys()].filter((key) => key.startsWith(`${each}:`)).length
    if (count === 0) return undefined
    before += count
  }
  return before + episode
}
