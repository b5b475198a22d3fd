import { readNumbers } from './name-numbers.ts'
import { readFolder } from './path-numbers.ts'
import { parseReleaseName } from './release-name.ts'
import { titleWords } from './titles.ts'

/** The film or the episodes of a file on disk, by its name and those of its folders. */
export interface LibraryName {
  readonly kind: 'movie' | 'episode'
  readonly title: string
  /** of the film, or of the start of the series */
  readonly year?: number
  /** another reading: `Wonder Woman 1984` has no year, and a `Show US` of 2005 may be listed as `Show` */
  readonly otherwise?: { readonly title: string; readonly year?: number }
  /** 0 = specials; the year for daily shows */
  readonly season?: number
  /** empty for a film; within the season, or from the first of the series if there is no season */
  readonly episodes: readonly number[]
  /** catalogue ids in the name: `tt1375666`, `tmdb:27205` */
  readonly ids: readonly string[]
  readonly resolution?: string
  readonly group?: string
}

/** `{imdb-tt1375666}`, `[tmdbid-27205]`, or a bare IMDb id */
const IDS =
  /(?<![\p{L}\d])(?:(?<imdb>tt\d{7,9})|(?<catalogue>tmdb|tvdb)(?:id)?[-=](?<number>\d{1,9}))(?!\d)/giu
/** An id with its brackets, to be removed from the title. */
const ID_IN_BRACKETS =
  /(?<![ ._-])[ ._-]*[{[(](?:imdb(?:id)?[-=])?(?:tt\d{7,9}|(?:tmdb|tvdb)(?:id)?[-=]\d{1,9})[)\]}]/gi
/** Characters at the end of a path that are read; folders further out say nothing about the file. */
const MAX_LENGTH = 1_000
const BEFORE_EPISODE = /^(.*?)(?:(?<![\p{L}\p{N}])(?:s\d|seasons?[ ._-]*\d|\d{1,2}x\d)|$)/iu

/**
 * Reads what a file is.
 *
 * @param fullPath - from the media folder on, with `/` between folders; for a torrent, with its name in front
 * @returns `undefined` for files that get no row: samples, extras, and names without title or episode
 */
export function readLibraryName(fullPath: string): LibraryName | undefined {
  const path = fullPath.slice(-MAX_LENGTH)
  const name = parseReleaseName(path.replace(ID_IN_BRACKETS, ''))
  const { title, absolute, date, year, resolution, group } = name
  if (name.isSample || name.isExtra || titleKey(title) === '') return undefined
  const shared = {
    ids: catalogueIdsIn(path),
    ...(resolution === undefined ? {} : { resolution }),
    ...(group === undefined ? {} : { group }),
  }
  const numbers = date === undefined ? placed(name.seasons, name.episodes, absolute) : daily(date)
  // `Fast 07 (2015)` is a film: names of episodes without season have no year.
  const isFilm =
    numbers.episodes.length === 0 || (absolute.length > 0 && year !== undefined && !name.seasons.length)
  if (isFilm) {
    if (name.seasons.length > 0) return undefined
    return { kind: 'movie', title, episodes: [], ...shared, ...yearOfFilm(path, title, year) }
  }
  return { kind: 'episode', ...shared, ...numbers, ...ofCountry(path, title, yearOfSeries(path)) }
}

/** Equal for all spellings of a title: without case, accents, punctuation, and articles unless it is nothing else. */
export function titleKey(title: string): string {
  return titleWords(title).join(' ') || title.trim().toLowerCase()
}

/** Catalogue ids in a text, in Stremio's form, the last first: the file's before its folders'. */
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

/** `2024-05-17` becomes episode 517 of season 2024: unique for every date, and in the right order. */
function daily(date: string) {
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number)
  return { season: year, episodes: [month * 100 + day] }
}

function yearOfFilm(path: string, title: string, year: number | undefined) {
  if (year === undefined) return {}
  const isBracketed = new RegExp(`[([]${year}[)\\]]`).test(path)
  return isBracketed ? { year } : { year, otherwise: { title: `${title} ${year}` } }
}

/** The same series may be made in several countries; only year or country tells them apart. */
function ofCountry(path: string, title: string, year: number | undefined) {
  const words = (title.match(/[\p{L}\p{N}]+/gu) ?? []).join('[^\\p{L}\\p{N}]+')
  const country = new RegExp(`${words}[ ._(-]+(US|UK|AU|NZ|CA)(?![\\p{L}\\p{N}])`, 'u').exec(path)?.[1]
  const began = year === undefined ? {} : { year }
  if (country === undefined) return { title, ...began }
  const shared = { title: `${title} ${country}`, ...began }
  return year === undefined ? shared : { ...shared, otherwise: { title, year } }
}

/** A year after the number of a season or an episode is that of the season. */
function yearOfSeries(path: string): number | undefined {
  const [, ...folders] = path.split('/').reverse()
  const own = BEFORE_EPISODE.exec(path.slice(path.lastIndexOf('/') + 1))?.[1] ?? ''
  const years = [
    readNumbers(own, false).year,
    ...folders.map((folder) => readFolder(BEFORE_EPISODE.exec(folder)?.[1] ?? '').year),
  ]
  return years.find((year) => year !== undefined)
}
