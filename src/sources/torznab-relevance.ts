import type { VideoId } from '../domain/video-id.ts'
import type { Title } from './title.ts'
import { searchWords } from './torznab-query.ts'

const EPISODES = /\bS(\d{1,4})[ ._-]?E(\d{1,4})((?:[ ._-]?E\d{1,4}|-\d{1,4}(?!\d*p))*)/i
const SEASONS = /\b(?:S|Seasons?[ ._-]?)(\d{1,4})(?:[ ._]?(?:-|to)[ ._]?S?(\d{1,4})(?!\d*p))?\b/i
/** What may stand between the name of a series and the number of its season. */
const BEHIND_NAME =
  /^(?: (?:(?:19|20)\d\d|us|uk|au|nz|ca))?(?: (?:s\d|seasons?|series|complete|the complete|\d)|$)/

/** Whether a release may hold the episode: not if its name says another season or other episodes. */
export function mayHoldEpisode(release: string, video: VideoId): boolean {
  if (video.kind === 'movie') return true
  const { season, episode } = video
  if (season === undefined) return true
  const numbered = EPISODES.exec(release)
  if (numbered) {
    const [, ofSeason, first, more = ''] = numbered
    const last = Number(/(?<!\d)\d+$/.exec(more)?.[0] ?? first)
    return Number(ofSeason) === season && Number(first) <= episode && episode <= last
  }
  const [, firstSeason, lastSeason = firstSeason] = SEASONS.exec(release) ?? []
  return firstSeason === undefined || (Number(firstSeason) <= season && season <= Number(lastSeason))
}

/** Whether a release that was found by name is of that name: full-text searches give much that is not. */
export function isNamed(release: string, video: VideoId, title: Title): boolean {
  const words = searchWords(release.replace(/^\[[^\]]*\]/, '')).toLowerCase()
  return [title.name, ...title.aliases].some((alias) => {
    const name = searchWords(alias).toLowerCase()
    if (!name || !words.startsWith(name)) return false
    const behind = words.slice(name.length)
    if (video.kind === 'episode') return BEHIND_NAME.test(behind)
    const [, year] = /^ ((?:19|20)\d\d)\b/.exec(behind) ?? []
    // A year further back may be part of another, longer name.
    if (year === undefined) return !/\b(?:19|20)\d\d\b/.test(behind) && /^(?: |$)/.test(behind)
    return title.year === undefined || Math.abs(Number(year) - title.year) <= 1
  })
}
