import type { VideoId } from '../video-id.ts'
import { countFromFirst, type KnownEpisodes } from './episode-count.ts'
import { episodeLabel } from './episode-label.ts'
import { parseReleaseName } from './release-name.ts'
import { type ReadTitle, titlesIn } from './release-titles.ts'
import { titleForms } from './titles.ts'
import { isNeutral } from './words-behind-title.ts'

/** The names of a film or a series. */
export interface NamedVideo extends KnownEpisodes {
  readonly name: string
  /** other names of it */
  readonly aliases: readonly string[]
  /** of the film, or of the first season */
  readonly year?: number
}

/** Years of a film differ by one between countries, and between festival and cinema. */
const YEARS_APART = 1

/**
 * Whether a release is of another film or series than the requested one, judged by its name.
 *
 * @returns the reason, for a person to read; `undefined` if it may be the right one
 */
export function otherTitle(release: string, video: VideoId, wanted: NamedVideo): string | undefined {
  const forms = formsOf(wanted)
  let first = ''
  let otherYear: number | undefined
  for (const { words, year } of readingsOf(release)) {
    first ||= words.join(' ')
    if (!forms.some((form) => isCalled(words, form, video))) continue
    const isOfYear = year === undefined || Math.abs(year - (wanted.year ?? year)) <= YEARS_APART
    if (video.kind === 'episode' || isOfYear) return undefined
    otherYear = year
  }
  return otherYear === undefined ? `called "${first}"` : `a film of ${otherYear}, not of ${wanted.year}`
}

function formsOf({ name, aliases }: NamedVideo): string[][] {
  return [name, ...aliases].flatMap(titleForms).filter(({ length }) => length > 0)
}

function* readingsOf(release: string): Generator<ReadTitle, void, void> {
  for (const title of titlesIn(release)) {
    yield title
    // A year may belong to the title: `Wonder Woman 1984`.
    if (title.year !== undefined) yield { words: [...title.words, String(title.year)] }
  }
}

/**
 * Whether a release cannot contain an episode, because its name gives another season or other episodes.
 *
 * @param wanted - the series, if its names and episodes are known
 * @returns the reason, for a person to read; `undefined` if it may contain it
 */
export function otherEpisode(release: string, video: VideoId, wanted?: NamedVideo): string | undefined {
  if (video.kind === 'movie' || video.season === undefined) return undefined
  const { season, episode } = video
  const { seasons, episodes, absolute, date } = parseReleaseName(release)
  if (date !== undefined) return undefined
  if (seasons.length > 0) {
    if (!seasons.includes(season)) return `of season ${seasons.join(', ')}`
    const isOther = seasons.length === 1 && episodes.length > 0 && !episodes.includes(episode)
    return isOther && !isCounted(absolute, video, wanted)
      ? `of ${episodeLabel(seasons, episodes)}`
      : undefined
  }
  const counted = episodes.length > 0 ? episodes : absolute
  if (counted.length === 0 || isCounted(counted, video, wanted)) return undefined
  const isOfSeason = season === (wanted && isSequel(release, season, wanted) ? season : 1)
  return isOfSeason && counted.includes(episode)
    ? undefined
    : `of ${episodeLabel([], counted)}, without a season`
}

/** Whether numbers count the episode from the first of the series. */
function isCounted(
  counted: readonly number[],
  { season, episode }: { readonly season?: number; readonly episode: number },
  known: KnownEpisodes | undefined,
): boolean {
  const number = known && season !== undefined ? countFromFirst(season, episode, known) : undefined
  return number !== undefined && counted.includes(number)
}

/** `Show 2 - 05` may be of the second season. */
function isSequel(release: string, season: number, wanted: NamedVideo): boolean {
  const forms = formsOf(wanted)
  return [...titlesIn(release)].some(({ words }) =>
    forms.some((form) => behind(words, form)?.join() === String(season)),
  )
}

/** Whether words are those of a title, followed only by neutral words. */
function isCalled(words: readonly string[], title: readonly string[], video: VideoId): boolean {
  const others = behind(words, title)
  if (!others || others.length === 0) return others !== undefined
  return video.kind === 'episode' && others.join() === String(video.season)
}

/** The words after a title that are not neutral; `undefined` if the words do not begin with the title. */
function behind(words: readonly string[], title: readonly string[]): string[] | undefined {
  if (title.some((word, at) => words[at] !== word)) return undefined
  return words.slice(title.length).filter((word) => !isNeutral(word))
}
