import { NameText } from './name-text.ts'
import {
  BARE,
  BATCH,
  BEFORE_EPISODE,
  BEHIND_EPISODE,
  BEHIND_SEASON,
  BEHIND_SEASON_IN_FILE,
  BOTH,
  DASHED_IN_FILE,
  DATES,
  EPISODE,
  FANSUB,
  FILE_BEGINS,
  HALF,
  PADDED_IN_FILE,
  PART,
  SEASON,
  SPECIAL,
  YEAR_IN_BRACKETS,
  YEARS,
} from './number-rules.ts'
import { expandRun } from './number-run.ts'
import { SPELLED } from './number-words.ts'

/** A number without meaning of its own that is not a year: `103`, or the `5` of `Show 5`. */
export interface BareNumber {
  readonly value: number
  /** as it is written: `05` */
  readonly digits: string
  /** its position in the name */
  readonly index: number
}

/** The numbers in one name, read without its folder or its siblings. */
export interface NameNumbers {
  /** 0 = specials */
  readonly seasons: readonly number[]
  readonly episodes: readonly number[]
  /** counted from the first of the series, as fansubs do: `Show - 27` */
  readonly absolute: readonly number[]
  /** `01-02` is two episodes, or the second of the first season; siblings decide */
  readonly dashed?: readonly [number, number]
  readonly part?: number
  /** `2024-05-17` */
  readonly date?: string
  readonly year?: number
  /** only if the name has no episode */
  readonly bare: readonly BareNumber[]
  /** 2 for a second version of a fansub, `27v2` */
  readonly version: number
  /** position of the first of these numbers; absent if there is none */
  readonly start?: number
  /** the name, of the same length, with blanks for what has been read */
  readonly unread: string
  /** `unread` with technical words hidden */
  readonly rest: string
}

/** No file system has longer names. */
export const MAX_LENGTH = 255
/** A torrent may have thousands of files, and strangers name them. */
const MAX_EPISODES = 99

/**
 * Reads the numbers of one file, folder or release.
 *
 * @param name - one path segment, without the extension of a file
 * @param isFile - a file is one episode or a few, and may be called `05`; a release may be many seasons
 */
export function readNumbers(name: string, isFile: boolean): NameNumbers {
  const text = new NameText(name.slice(0, MAX_LENGTH))
  const version = Number(/\dv(\d)(?![\p{L}\p{N}])/iu.exec(text.rest)?.[1] ?? 1)
  const date = readDate(text)
  const said = readBoth(text) ?? readApart(text, isFile)
  const year = readYear(text)
  const numbers =
    said.episodes.length > 0 || date !== undefined
      ? said
      : { ...said, ...readCounted(text, isFile, said.seasons, year !== undefined) }
  const part = readPart(text, year)
  const isSaid = numbers.episodes.length > 0 || numbers.absolute.length > 0 || date !== undefined
  return {
    ...numbers,
    episodes: isFile ? numbers.episodes.slice(0, MAX_EPISODES) : numbers.episodes,
    absolute: isFile ? numbers.absolute.slice(0, MAX_EPISODES) : numbers.absolute,
    ...(part === undefined ? {} : { part }),
    ...(date === undefined ? {} : { date }),
    ...(year === undefined ? {} : { year }),
    bare: isSaid ? [] : bareNumbers(text.rest),
    version,
    ...(text.start === undefined ? {} : { start: text.start }),
    unread: text.unread,
    rest: text.rest,
  }
}

type Said = Pick<NameNumbers, 'seasons' | 'episodes' | 'absolute' | 'dashed'>

/** `S01E02`, `1x02`, and what follows. */
function readBoth(text: NameText): Said | undefined {
  const both = text.take(BOTH)
  if (!both) return undefined
  const behind = BEHIND_EPISODE.exec(text.rest.slice(both.end))
  const counted = text.take([BEFORE_EPISODE])
  const absolute = behind?.groups?.run ?? behind?.groups?.run2 ?? counted?.groups.run ?? ''
  return {
    seasons: expandRun(both.groups.season ?? ''),
    episodes: both.groups.until
      ? expandRun(`${both.groups.run}-${both.groups.until}`)
      : expandRun(both.groups.run ?? ''),
    absolute: expandRun(absolute),
  }
}

/** Season and episode in separate words, or only one of them. */
function readApart(text: NameText, isFile: boolean): Said {
  const special = text.take([SPECIAL])
  if (special) return { seasons: [0], episodes: expandRun(special.groups.run ?? ''), absolute: [] }
  const season = text.take(SEASON)
  const seasons = season ? numbersOf(season.groups) : []
  // One file is not several seasons: `S01-03.mkv`.
  if (isFile && seasons.length > 1 && /^\d+-\d+$/.test(season?.groups.run ?? '')) {
    return { seasons: seasons.slice(0, 1), episodes: seasons.slice(-1), absolute: [] }
  }
  const episode = text.take(EPISODE)
  const episodes = episode ? numbersOf(episode.groups) : []
  if (!season || seasons.length > 1 || episodes.length > 0) return { seasons, episodes, absolute: [] }
  const behind = (isFile ? BEHIND_SEASON_IN_FILE : BEHIND_SEASON).exec(text.rest.slice(season.end))
  if (!behind || isYear(behind.groups?.run)) return { seasons, episodes, absolute: [] }
  text.hide(season.end, behind[0].length)
  return { seasons, episodes: expandRun(behind.groups?.run ?? ''), absolute: [] }
}

/** Numbers without a word: at the beginning of a file name, or where fansubs put them. */
function readCounted(
  text: NameText,
  isFile: boolean,
  seasons: readonly number[],
  hasYear: boolean,
): Partial<Said> {
  const beginning = isFile && !hasYear ? text.take([FILE_BEGINS]) : undefined
  if (beginning) return { episodes: numbersOf(beginning.groups) }
  const dashed = isFile && seasons.length === 0 ? text.take([DASHED_IN_FILE]) : undefined
  if (dashed) return readDashed(dashed.groups)
  if (text.take([HALF])) return {}
  const counted = text.take(isFile ? [...FANSUB, PADDED_IN_FILE] : [BATCH, ...FANSUB])
  if (!counted) return {}
  const numbers = numbersOf(counted.groups)
  return seasons.length > 0 ? { episodes: numbers } : { absolute: numbers }
}

function readDashed({ season = '', run = '' }: Record<string, string | undefined>): Partial<Said> {
  const dashed = [Number(season), Number(run)] as const
  if (season.length > 1 && isShortRange(dashed)) return { episodes: expandRun(`${season}-${run}`), dashed }
  return { seasons: [dashed[0]], episodes: [dashed[1]], dashed }
}

/** Whether a range is short enough for the episodes of one file. */
export function isShortRange([first, last]: readonly [number, number]): boolean {
  return first < last && last - first <= 3
}

/** The part of a film belongs to its title, and the year follows it: `Film Part 2 (1981)`. */
function readPart(text: NameText, year: number | undefined): number | undefined {
  const found = PART.exec(text.rest)
  if (!found) return undefined
  const isOfTitle = year !== undefined && found.index < (text.start ?? 0)
  if (!isOfTitle) text.hide(found.index, found[0].length)
  return numbersOf(found.groups ?? {})[0]
}

function readDate(text: NameText): string | undefined {
  const found = text.take(DATES)?.groups
  return found && `${found.year}-${found.month}-${found.day}`
}

/** The year in brackets, else the last one; a year at the beginning is a title. */
function readYear(text: NameText): number | undefined {
  const bracketed = YEAR_IN_BRACKETS.exec(text.rest)
  const start = text.start ?? text.rest.length
  const all = [...text.rest.matchAll(YEARS)].filter(({ index }) => index > 0)
  const found = bracketed ?? all.findLast(({ index }) => index < start) ?? all.at(-1)
  if (!found) return undefined
  text.hide(found.index, found[0].length)
  return Number(found.groups?.year)
}

function bareNumbers(rest: string): BareNumber[] {
  return [...rest.matchAll(BARE)]
    .map(({ groups: { digits = '' } = {}, index }) => ({ value: Number(digits), digits, index }))
    .filter(({ digits }) => !isYear(digits))
}

function numbersOf({ run, run2, spelled }: Record<string, string | undefined>): number[] {
  if (spelled !== undefined) return [SPELLED[spelled.toLowerCase()] ?? 0]
  return expandRun(run ?? run2 ?? '')
}

function isYear(digits = ''): boolean {
  return /^(?:19\d\d|20[0-3]\d)$/.test(digits)
}
