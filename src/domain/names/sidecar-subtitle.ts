/** What the name of a file with subtitles says, which lies beside a video. */
export interface SubtitleName {
  readonly format: SubtitleFormat
  /** ISO 639, as short as it goes, with a region where it is said: `en`, `pt-BR`; absent where the name does not tell */
  readonly language?: string
  /** only what has to be read by those too who understand the language */
  readonly isForced: boolean
  readonly isForHearingImpaired: boolean
}

export type SubtitleFormat = 'srt' | 'vtt' | 'ass' | 'ssa' | 'sub'

const FILE = /^(?<stem>.+)\.(?<format>srt|vtt|ass|ssa|sub)$/is
/** No file system keeps longer names. */
const MAX_LENGTH = 255
const FORCED = new Set(['forced', 'foreign'])
const HEARING = new Set(['sdh', 'cc', 'hoh'])
const SAY_NOTHING = new Set(['sub', 'subs', 'subtitle', 'subtitles', 'default', 'full', 'utf8'])
const SEPARATORS = /[._ ()[\]-]+/
/** `2_English`, as a folder of subtitles numbers them. */
const TRACK = /^\d{1,2}$/

/** Whether a file has subtitles. */
export function isSubtitle(name: string): boolean {
  return FILE.test(name)
}

/**
 * Reads the name of a file with subtitles.
 *
 * @param video - name of the video beside it, without its ending: nothing but languages and the like may stand behind it
 * @returns `undefined` if they are not that video's
 */
export function readSubtitleOf(video: string, name: string): SubtitleName | undefined {
  const { stem = '', format = '' } = FILE.exec(name)?.groups ?? {}
  const [own, beginning] = [folded(stem), folded(video)]
  if (!own.startsWith(beginning)) return undefined
  const words = readWords(own.slice(beginning.length))
  return words && { format: format.toLowerCase() as SubtitleFormat, ...words }
}

/** The same for one in a folder of subtitles of a single video, where whatever is there is meant. */
export function readSubtitle(name: string): SubtitleName | undefined {
  const { stem, format = '' } = FILE.exec(name)?.groups ?? {}
  if (stem === undefined) return undefined
  const last = folded(stem).split(SEPARATORS).slice(-3)
  const words = [last, last.slice(1), last.slice(2)]
    .map((each) => readWords(`.${each.join('.')}`))
    .find(Boolean)
  return { format: format.toLowerCase() as SubtitleFormat, ...(words ?? NOTHING) }
}

const NOTHING = { isForced: false, isForHearingImpaired: false }

function readWords(text: string): Omit<SubtitleName, 'format'> | undefined {
  // `Film 2` is no subtitle of `Film`.
  if (text !== '' && !SEPARATORS.test(text.charAt(0))) return undefined
  const regional = /[._ -](?<language>[a-z]{2})[-_](?<region>[a-z]{2})(?=$|[._ -])/.exec(text)
  const region = regionOf(regional?.groups)
  const words = (region ? text.replace(regional?.[0] ?? '', '') : text).split(SEPARATORS).filter(Boolean)
  let language = region
  let { isForced, isForHearingImpaired } = NOTHING
  for (const word of words) {
    if (FORCED.has(word)) isForced = true
    else if (HEARING.has(word) || (word === 'hi' && language !== undefined)) isForHearingImpaired = true
    else if (language === undefined && languageOf(word) !== undefined) language = languageOf(word)
    else if (!SAY_NOTHING.has(word) && !(TRACK.test(word) && words.length > 1)) return undefined
  }
  return { isForced, isForHearingImpaired, ...(language === undefined ? {} : { language }) }
}

const names = new Intl.DisplayNames('en', { type: 'language', fallback: 'none' })
const letters = [...'abcdefghijklmnopqrstuvwxyz']
/** by their English names */
const languages = new Map(
  letters
    .flatMap((first) => letters.map((second) => first + second))
    .flatMap((code) =>
      names.of(code) === undefined ? [] : [[names.of(code)?.toLowerCase(), code] as const],
    ),
)

/** @param word - `en`, `eng`, `ger` or `english` */
function languageOf(word: string): string | undefined {
  if (languages.has(word)) return languages.get(word)
  if (!/^[a-z]{2,3}$/.test(word) || names.of(word) === undefined) return undefined
  return Intl.getCanonicalLocales(word)[0]
}

function regionOf(groups: Record<string, string> = {}): string | undefined {
  const { language = '', region = '' } = groups
  const isKnown = languageOf(language) !== undefined && regions.of(region.toUpperCase()) !== undefined
  return isKnown ? `${language}-${region.toUpperCase()}` : undefined
}

const regions = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' })

/** Letters with marks can be written in two ways, and disks differ in which. */
function folded(text: string): string {
  return text.slice(0, MAX_LENGTH).normalize().toLowerCase()
}
