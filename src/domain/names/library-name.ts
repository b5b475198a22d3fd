import { readNumbers } from './name-numbers.ts'
import { readFolder } from './path-numbers.ts'
import { parseReleaseName } from './release-name.ts'
import { titleWords } from './titles.ts'

/** Which film, or which episodes of which series, a file on disk is by its name and those of its folders. */
export interface LibraryName {
  readonly kind: 'movie' | 'episode'
  readonly title: string
  /** of the film, or in which the series began */
  readonly year?: number
  /** another reading: `Wonder Woman 1984` has no year, and `Show US` of 2005 is called `Show` by others */
  readonly otherwise?: { readonly title: string; readonly year?: number }
  /** 0 = specials; for shows that have an episode every day, the year */
  readonly season?: number
  /** empty for a film; within the season, or from the first of the series where there is no season */
  readonly episodes: readonly number[]
  /** ids in catalogues that the name says: `tt1375666`, `tmdb:27205` */
  readonly ids: readonly string[]
  readonly resolution?: string
  readonly group?: string
}

/** `{imdb-tt1375666}`, `[tmdbid-27205]`, or the bare id of IMDb */
const IDS =
  /(?<![\p{L}\d])(?:(?<imdb>tt\d{7,9})|(?<catalogue>tmdb|tvdb)(?:id)?[-=](?<number>\d{1,9}))(?!\d)/giu
/** The same with what stands around it, which is no part of the title. */
const ID_IN_BRACKETS =
  /(?<![ ._-])[ ._-]*[{[(](?:imdb(?:id)?[-=])?(?:tt\d{7,9}|(?:tmdb|tvdb)(?:id)?[-=]\d{1,9})[)\]}]/gi
/** Folders further out say nothing of the file. */
const MAX_LENGTH = 1_000
const BEFORE_EPISODE = /^(.*?)(?:(?<![\p{L}\p{N}])(?:s\d|seasons?[ ._-]*\d|\d{1,2}x\d)|$)/iu

/**
 * Reads what a file is.
 *
 * @param wholePath - from the folder of films on, with `/` between folders; for a torrent, with its name in front
 * @returns `undefined` for what is not worth a row: samples, extras, and what no name calls by a title or an episode
 */
export function readLibraryName(wholePath: string): LibraryName | undefined {
  const path = wholePath.slice(-MAX_LENGTH)
  const name = parseReleaseName(path.replace(ID_IN_BRACKETS, ''))
  const { title, absolute, date, year, resolution, group } = name
  if (name.isSample || name.isExtra || titleKey(title) === '') return undefined
  const shared = {
    ids: catalogueIdsIn(path),
    ...(resolution === undefined ? {} : { resolution }),
    ...(group === undefined ? {} : { group }),
  }
  const numbers = date === undefined ? placed(name.seasons, name.episodes, absolute) : daily(date)
  // `Fast 07 (2015)` is a film: nobody says the year of an episode that is only counted.
  const isFilm =
    numbers.episodes.length === 0 || (absolute.length > 0 && year !== undefined && !name.seasons.length)
  if (isFilm) {
    if (name.seasons.length > 0) return undefined
    return { kind: 'movie', title, episodes: [], ...shared, ...yearOfFilm(path, title, year) }
  }
  return { kind: 'episode', ...shared, ...numbers, ...ofCountry(path, title, yearOfSeries(path)) }
}

/** The same for all ways to write a title: without case, accents, signs, and articles unless it is nothing else. */
export function titleKey(title: string): string {
  return titleWords(title).join(' ') || title.trim().toLowerCase()
}

/** Ids of catalogues that a text says, in the form of Stremio, the last first: that of the file before its folders'. */
function catalogueIdsIn(text: string): string[] {
  const ids = [...text.matchAll(IDS)].map(({ groups: { imdb, catalogue, number } = {} }) =>
    imdb === undefined ? `${catalogue?.toLowerCase()}:${number}` : imdb.toLowerCase(),
  )
  return [...new Set(ids.reverse())]
}

function placed(seasons: readonly number[], episodes: readonly number[], absolute: readonly number[]) {
  const [season] = seasons
  if (seasons.length > 1) return { episodes: [] }
  return season === undefined ? { episodes: episodes.length > 0 ? episodes : absolute } : { season, episodes }
}

/** `2024-05-17` becomes episode 517 of season 2024: sorted rightly, and every date has its own. */
function daily(date: string) {
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number)
  return { season: year, episodes: [month * 100 + day] }
}

function yearOfFilm(path: string, title: string, year: number | undefined) {
  if (year === undefined) return {}
  const isBracketed = new RegExp(`[([]${year}[)\\]]`).test(path)
  return isBracketed ? { year } : { year, otherwise: { title: `${title} ${year}` } }
}

/** The same series is made in several countries: only the year tells that it is not the other one that is meant. */
function ofCountry(path: string, title: string, year: number | undefined) {
  const words = (title.match(/[\p{L}\p{N}]+/gu) ?? []).join('[^\\p{L}\\p{N}]+')
  const country = new RegExp(`${words}[ ._(-]+(US|UK|AU|NZ|CA)(?![\\p{L}\\p{N}])`, 'u').exec(path)?.[1]
  const began = year === undefined ? {} : { year }
  if (country === undefined) return { title, ...began }
  const shared = { title: `${title} ${country}`, ...began }
  return year === undefined ? shared : { ...shared, otherwise: { title, year } }
}

/** A year behind the number of a season or an episode is that of the season. */
function yearOfSeries(path: string): number | undefined {
  const [, ...folders] = path.split('/').reverse()
  const own = BEFORE_EPISODE.exec(path.slice(path.lastIndexOf('/') + 1))?.[1] ?? ''
  const years = [
    readNumbers(own, false).year,
    ...folders.map((folder) => readFolder(BEFORE_EPISODE.exec(folder)?.[1] ?? '').year),
  ]
  return years.find((year) => year !== undefined)
}
