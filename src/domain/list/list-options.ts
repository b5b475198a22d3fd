import { DELIVERY_MODES, type DeliveryMode } from './device.ts'

/** Version of the grammar: installed addresses never change, so neither may the meaning of this version. */
const VERSION = 'v1'
/** Resolutions by their usual names; all others are `other`. */
export const RESOLUTIONS = ['2160', '1440', '1080', '720', '480', 'other'] as const
const MAX_WORDS = 30
const MAX_LENGTH = 500
const TOO_LONG = `it is longer than ${MAX_LENGTH} characters`
const UNITS: Readonly<Record<string, number>> = { MB: 1e6, GB: 1e9, TB: 1e12 }

export type ResolutionClass = (typeof RESOLUTIONS)[number]

/** Options for lists, chosen at installation. */
export interface ListOptions {
  readonly mode: DeliveryMode
  /** resolutions to show, in order of preference */
  readonly resolutions: readonly ResolutionClass[]
  /** bytes of one video */
  readonly maxBytes?: number
  /** ISO 639-1; a release that names only other languages is left out; empty = all */
  readonly languages: readonly string[]
  /** lower case; a release with one of them in its name is left out */
  readonly excludedWords: readonly string[]
  readonly maxPerResolution?: number
}

export const DEFAULT_LIST_OPTIONS: ListOptions = {
  mode: 'auto',
  resolutions: RESOLUTIONS,
  languages: [],
  excludedWords: [],
}

type Read = Partial<{ -readonly [key in keyof ListOptions]: ListOptions[key] }>

/** One option: its name, parser, and expected form. */
interface Option {
  readonly expected: string
  /** `undefined` if the text is invalid */
  read(text: string): Read | undefined
  /** `undefined` for the default */
  write(options: ListOptions): string | undefined
}

const OPTIONS: Readonly<Record<string, Option>> = {
  res: {
    expected: `a list of ${RESOLUTIONS.join(', ')}, the best first (try res=1080,720)`,
    read(text) {
      const resolutions = [...new Set(words(text).map((word) => word.replace(/p$/, '')))]
      return resolutions.every(isResolution) ? { resolutions } : undefined
    },
    write: ({ resolutions }) => (resolutions === RESOLUTIONS ? undefined : resolutions.join(',')),
  },
  max: {
    expected: 'a size in MB, GB or TB (try max=8GB)',
    read(text) {
      const [, count = '', unit = ''] = /^([1-9]\d{0,6})(MB|GB|TB)$/i.exec(text) ?? []
      const bytes = Number(count) * (UNITS[unit.toUpperCase()] ?? 0)
      return bytes > 0 ? { maxBytes: bytes } : undefined
    },
    write: ({ maxBytes }) => (maxBytes === undefined ? undefined : sizeText(maxBytes)),
  },
  lang: {
    expected: `a list of languages in two letters each (try lang=en,de; at most ${MAX_WORDS})`,
    read(text) {
      const languages = words(text)
      if (languages.length > MAX_WORDS) return undefined
      return languages.every((word) => /^[a-z]{2}$/.test(word)) ? { languages } : undefined
    },
    write: ({ languages }) => languages.join(',') || undefined,
  },
  not: {
    expected: `a list of words that no release may have in its name (try not=cam,hdts; at most ${MAX_WORDS})`,
    read(text) {
      const excludedWords = words(text)
      if (excludedWords.length > MAX_WORDS) return undefined
      return excludedWords.every((word) => /^[\p{L}\p{M}\p{N}+-]+$/u.test(word))
        ? { excludedWords }
        : undefined
    },
    write: ({ excludedWords }) => excludedWords.join(',') || undefined,
  },
  per: {
    expected: 'how many of each resolution (try per=5)',
    read: (text) => (/^[1-9]\d?$/.test(text) ? { maxPerResolution: Number(text) } : undefined),
    write: ({ maxPerResolution }) => (maxPerResolution === undefined ? undefined : String(maxPerResolution)),
  },
}

/**
 * Parses the segment before an addon's path: a mode, followed by options, as in
 * `proxy.v1.res=1080,720.max=8GB.lang=en.not=cam,hdts.per=5`.
 *
 * @param segment - percent-decoded
 * @returns the options; or the problem, for a person to read; `undefined` if it is not such a segment
 */
export function parseListOptions(segment: string): ListOptions | { readonly problem: string } | undefined {
  const [modeText = '', version, ...parts] = segment.split('.')
  const mode = modeText.toLowerCase()
  if (!isMode(mode)) return undefined
  if (version === undefined) return { ...DEFAULT_LIST_OPTIONS, mode }
  if (segment.length > MAX_LENGTH) return { problem: TOO_LONG }
  if (version.toLowerCase() !== VERSION) return { problem: `expected "${VERSION}" instead of "${version}"` }
  const read: Read = {}
  for (const [index, part] of parts.entries()) {
    const [, name = '', text = ''] = /^([a-z]+)=(.+)$/i.exec(part) ?? []
    const option = Object.hasOwn(OPTIONS, name.toLowerCase()) ? OPTIONS[name.toLowerCase()] : undefined
    if (!option) return { problem: `unknown option "${part}" (expected ${Object.keys(OPTIONS).join(', ')})` }
    const found = option.read(text)
    if (!found)
      return { problem: dotProblem(part, parts[index + 1]) ?? `"${part}" is not ${option.expected}` }
    Object.assign(read, found)
  }
  const options = { ...DEFAULT_LIST_OPTIONS, ...read, mode }
  // Sizes and a few letters become longer when they are written.
  if ((writeListOptions(options)?.length ?? 0) > MAX_LENGTH) return { problem: TOO_LONG }
  return options
}

/** The shortest segment with these options; `undefined` if none is needed. */
export function writeListOptions(options: ListOptions): string | undefined {
  const parts = Object.entries(OPTIONS).flatMap(([name, option]) => {
    const text = option.write(options)
    return text === undefined ? [] : [`${name}=${text}`]
  })
  if (parts.length > 0) return [options.mode, VERSION, ...parts].join('.')
  return options.mode === 'auto' ? undefined : options.mode
}

function words(text: string): string[] {
  // Names on disk and in sources are composed, but macOS decomposes what is copied from a file name.
  const found = text.split(',').map((word) => word.trim().toLowerCase().normalize('NFC'))
  return [...new Set(found)]
}

/** The problem of a size that was split at its decimal point, as in `max=1.5GB`. */
function dotProblem(part: string, next = ''): string | undefined {
  const [, name, whole] = /^(max)=(\d{1,7})$/i.exec(part) ?? []
  const [, fraction, unit = ''] = /^(\d{1,7})(MB|GB|TB)$/i.exec(next) ?? []
  if (whole === undefined || fraction === undefined) return undefined
  const bytes = Number(`${whole}.${fraction}`) * (UNITS[unit.toUpperCase()] ?? 0)
  const size = sizeText(Math.max(1e6, bytes))
  return `in "${part}.${next}" the dot separates two options; write a number without a dot (try ${name}=${size})`
}

/** In MB as long as that has at most seven digits, which is what `max` accepts. */
function sizeText(bytes: number): string {
  const [unit, size] = Object.entries(UNITS).find(([, size]) => bytes / size < 1e7) ?? ['TB', 1e12]
  return `${Math.round(bytes / size)}${unit}`
}

function isMode(text: string): text is DeliveryMode {
  return (DELIVERY_MODES as readonly string[]).includes(text)
}

function isResolution(text: string): text is ResolutionClass {
  return (RESOLUTIONS as readonly string[]).includes(text)
}
