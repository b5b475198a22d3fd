import { type ParsedResult, Parser } from '@viren070/parse-torrent-title'
import { isExtra, isSample } from './extras.ts'
import { MAX_LENGTH, type NameNumbers, readNumbers } from './name-numbers.ts'
import { placeNumbers, readFolder } from './path-numbers.ts'
import {
  type AudioCodec,
  audioOf,
  channelsOf,
  codecOf,
  type Hdr,
  hdrOf,
  isMultiLanguage,
  languagesOf,
  type ReleaseSource,
  type Resolution,
  resolutionOf,
  sourceOf,
  type VideoCodec,
} from './release-words.ts'
import { roughTitle } from './rough-title.ts'
import { HIDDEN } from './technical-words.ts'
import { yearInFront } from './year-in-front.ts'

/** What the name of a release, or the path of one of its files, says. */
export interface ReleaseName {
  /** empty if the name has none, as in `S01E02.mkv` */
  readonly title: string
  readonly year?: number
  /** 0 = specials */
  readonly seasons: readonly number[]
  /** within the season; without a season, as the release counts */
  readonly episodes: readonly number[]
  /** counted from the first of the series, as fansubs do: `Show - 27` */
  readonly absolute: readonly number[]
  /** of a miniseries, or of a film in two */
  readonly part?: number
  /** of a daily show: `2024-05-17` */
  readonly date?: string
  readonly resolution?: Resolution
  readonly source?: ReleaseSource
  readonly codec?: VideoCodec
  readonly hdr: readonly Hdr[]
  readonly audio: readonly AudioCodec[]
  /** `5.1` */
  readonly channels?: string
  /** ISO 639 codes, including those of subtitles: names seldom distinguish them */
  readonly languages: readonly string[]
  /** "Multi" or "Dual Audio", with or without a list of languages */
  readonly isMultiLanguage: boolean
  readonly group?: string
  /** more than one file is a video to watch: a season, a batch, a trilogy */
  readonly isPack: boolean
  readonly isSample: boolean
  readonly isExtra: boolean
}

/**
 * Fields that the parser reads: everything except seasons, episodes, volumes, dates and years. Those have rules of our
 * own, since the parser expands any range, such as `s01-99999999999`, until memory runs out.
 */
const FIELDS = `
  title site group episodeCode resolution extended editions upscaled convert hardcoded proper
  repack retail documentary unrated uncensored region quality bitDepth hdr threeD codec channels
  audio size container languages complete country subbed dubbed network extension
`
  .trim()
  .split(/\s+/)
/** The parser takes cubic time for non-Latin letters. */
const MAX_FOREIGN_LETTERS = 30
const FOREIGN = /[\u0400-\u04ff\u3040-\u30ff\u4e00-\u9fff]/g
const FROM_TELEVISION = /(?<![\p{L}\d])(?:[hp]dtv|dsr|tv-?rip|sat-?rip|dvb-?rip|web)(?![\p{L}\d])/iu
/** The parser drops letters it does not know from the beginning of a title: `Éclair` becomes `clair`. */
const UNKNOWN_LETTER = /^(?![\w\u0400-\u04ff\u3040-\u30ff\u4e00-\u9fff])\p{L}/u
const FILE = /\.(?:mkv|mp4|m4v|avi|mov|webm|wmv|flv|mpe?g|m?2?ts|ogv|3gp|srt|ass|ssa|sub|idx|vtt)$/i
/** Folders further out belong to the disk's layout. */
const MAX_SEGMENTS = 4
/** A name with more episodes is not a double or triple episode. */
const MAX_EPISODES_PER_FILE = 4

/** Inserted into a name where its numbers begin: the title ends there. */
const MARK = '\u241e'
const parser = new Parser()
  .addHandler({ field: 'numbers', pattern: new RegExp(MARK), remove: true })
  .addDefaultHandlers(...FIELDS)

/** A file, or one of its folders. */
interface Segment {
  readonly numbers: NameNumbers
  /** without its numbers */
  readonly text: string
  readonly words: ParsedResult
}

/**
 * Reads the name of a release, or the path of a file with its folders. The innermost segment that has a value wins.
 * Never throws, whatever the text.
 *
 * @param path - `Show.S01E02.1080p.WEB-DL-GROUP` or `Show/Season 2/05 - Title.mkv`; folders are read only before a
 * file, since the name of a release may contain a slash
 */
export function parseReleaseName(path: string): ReleaseName {
  const isFile = FILE.test(path)
  const [name = '', ...parents] = isFile
    ? path.replace(FILE, '').split('/').slice(-MAX_SEGMENTS).reverse()
    : [path]
  const folders = parents.map((parent) => readFolder(cleaned(parent)))
  const whole = cleaned(name)
  const inFront = yearInFront(whole, folders.map(roughTitle))
  const own = withGuess(placeNumbers(readNumbers(inFront?.rest ?? whole, isFile), folders))
  const segments = [own, ...folders].map(readWords)

  const first = <T>(read: (segment: Segment) => T | undefined) =>
    segments.map(read).find((value) => value !== undefined)
  const year = inFront?.year ?? first(({ numbers }) => numbers.year)
  const resolution = first(({ words, text }) => resolutionOf(words.resolution, text))
  const source = first(({ words, text }) => sourceOf(words.quality, text))
  const codec = first(({ words }) => codecOf(words.codec))
  const channels = first(({ words, text }) => channelsOf(words.channels ?? [], text))
  const group = first(({ words, numbers }) => words.group ?? groupBehindWords(numbers))
  const languages = first(({ words }) => words.languages) ?? []
  return {
    title: titleOf(segments),
    seasons: own.seasons,
    episodes: own.episodes,
    absolute: own.absolute,
    hdr: hdrOf(first(({ words }) => words.hdr) ?? []),
    audio: audioOf(first(({ words }) => words.audio) ?? []),
    languages: languagesOf(languages),
    isMultiLanguage: segments.some(({ words, text }) => isMultiLanguage(words.languages ?? [], text)),
    isPack: !isFile && segments.some(isPack),
    isSample: isSample(path),
    isExtra: isExtra(path),
    ...(year === undefined ? {} : { year }),
    ...(own.part === undefined ? {} : { part: own.part }),
    ...(own.date === undefined ? {} : { date: own.date }),
    ...(resolution === undefined ? {} : { resolution }),
    ...(source === undefined ? {} : { source }),
    ...(codec === undefined ? {} : { codec }),
    ...(channels === undefined ? {} : { channels }),
    ...(group === undefined ? {} : { group }),
  }
}

/** What the parser reads from the words around the numbers. */
function readWords(numbers: NameNumbers): Segment {
  const { start, unread: text } = numbers
  const marked = start === undefined ? text : text.slice(0, start) + MARK + text.slice(start)
  try {
    return { numbers, text, words: parser.parse(withoutForeignTail(marked)) }
  } catch {
    return { numbers, text, words: {} }
  }
}

function cleaned(name: string): string {
  return name
    .slice(0, MAX_LENGTH)
    .replaceAll(MARK, ' ')
    .replace(/[\s_]+/g, ' ')
    .trim()
}

function withoutForeignTail(text: string): string {
  let letters = 0
  return text.replace(FOREIGN, (letter) => (++letters > MAX_FOREIGN_LETTERS ? ' ' : letter))
}

/**
 * `Show.103.HDTV`: the third of the first season, if the name has no other number. Fansubs count beyond a hundred, and
 * a film would have a year.
 */
function withGuess<T extends NameNumbers>(numbers: T): T {
  const { seasons, year, bare, rest, unread } = numbers
  const last = bare.at(-1)
  if (!last || last.index === 0 || seasons.length > 0 || year !== undefined) return numbers
  if (rest.startsWith('[') || !FROM_TELEVISION.test(unread)) return numbers
  const [, season, episode] = /^([1-9]\d?)(0[1-9]|[1-5]\d)$/.exec(last.digits) ?? []
  const isBeforeWords = new RegExp(`^[ ._-]*${HIDDEN}`).test(rest.slice(last.index + last.digits.length))
  if (!isBeforeWords || season === undefined) return numbers
  return { ...numbers, seasons: [Number(season)], episodes: [Number(episode)], bare: [], start: last.index }
}

/** The innermost title that is followed by something, else the innermost one. */
function titleOf(segments: readonly Segment[]): string {
  const titled = segments
    .map((segment) => ({ ...segment, title: titleOfOne(segment) }))
    .filter(({ title }) => title)
  const ended = titled.find(({ numbers, words }) => {
    return numbers.start !== undefined || (words.resolution ?? words.quality ?? words.codec) !== undefined
  })
  return (ended ?? titled[0])?.title ?? ''
}

function titleOfOne({ numbers, words, text }: Segment): string {
  if (numbers.start === 0) return ''
  const isReadFully = !UNKNOWN_LETTER.test(text) && withoutForeignTail(text) === text
  return isReadFully ? (words.title ?? '') : roughTitle(numbers)
}

/** Groups that the parser takes for an episode, `x264-S56`, or misses: `Show (1080p BluRay x265 Group)`. */
const GROUP_BEHIND_WORDS = new RegExp(
  `${HIDDEN}(?:-(?<last>[\\p{L}\\p{N}]+)|[ ](?<inside>[\\p{L}\\p{N}]+)\\))$`,
  'u',
)

function groupBehindWords({ rest }: NameNumbers): string | undefined {
  const found = GROUP_BEHIND_WORDS.exec(rest)?.groups
  return found?.last ?? found?.inside
}

function isPack({ numbers, words }: Segment): boolean {
  const { seasons, episodes, absolute, date } = numbers
  const most = Math.max(episodes.length, absolute.length)
  return (
    seasons.length > 1 ||
    most > MAX_EPISODES_PER_FILE ||
    (seasons.length === 1 && most === 0 && date === undefined) ||
    words.complete === true
  )
}
