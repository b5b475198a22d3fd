import { readNumbers } from './name-numbers.ts'
import { parseReleaseName } from './release-name.ts'
import { roughTitle } from './rough-title.ts'
import { titleWords } from './titles.ts'

/** A title in the spelling of a release name. */
export interface ReadTitle {
  readonly words: readonly string[]
  /** the year that follows it */
  readonly year?: number
}

/** Indexers with titles in several languages have names of up to 400 characters. */
const MAX_LENGTH = 500
/** Only a name made to cost time has more readings. */
const MAX_PARTS = 12

/** `[Group]`, `【Site】` */
const TAG = /^(?:\[[^\]]{0,80}\]|【[^】]{0,80}】)[ ._-]{0,3}/u
/** `www.films.im - `, `films.org | `; a title such as "Mr.Robot - S01" looks the same, so it is only one reading. */
const SITE = /^(?:https?:\/\/)?(?:[\p{L}\p{N}-]{1,40}\.){1,4}[a-z]{2,6}[ _]{1,2}[-–—|:]+[ _]{1,2}/iu
const BETWEEN_TITLES = /[ ._][/|][ ._]|[|｜]|[ ]\/|\/[ ]/u
const IN_PARENTHESES = /\(([^()]{2,120})\)/gu
const IN_BRACKETS = /\[([^[\]]{2,120})\]|【([^【】]{2,120})】/gu
const CYRILLIC_THEN_LATIN =
  /^[^\p{Script=Latin}]*\p{Script=Cyrillic}[^\p{Script=Latin}]*[ ._](?=\p{Script=Latin})/u

/**
 * All titles that a release name may mean: names hold the title in several languages, in brackets, or after the address
 * of a site or the name of a group.
 *
 * @yields likeliest first; words between title and numbers are included
 */
export function* titlesIn(name: string): Generator<ReadTitle, void, void> {
  const text = name.slice(0, MAX_LENGTH).trim()
  const { title, year } = parseReleaseName(text)
  yield readTitle(title, year)
  for (const part of partsOf(text)) {
    const numbers = readNumbers(part, false)
    const said = roughTitle(numbers)
    yield readTitle(said, numbers.year ?? year)
    const latin = said.replace(CYRILLIC_THEN_LATIN, '')
    if (latin !== said) yield readTitle(latin, numbers.year ?? year)
  }
}

function readTitle(title: string, year: number | undefined): ReadTitle {
  const words = titleWords(title)
  return year === undefined ? { words } : { words, year }
}

/** The parts of a name that may hold a title. */
function partsOf(text: string): Set<string> {
  const plain = withoutTags(text)
  const titles = plain.split(BETWEEN_TITLES)
  const parenthesised = [...plain.matchAll(IN_PARENTHESES)].map(([, inside = '']) => inside)
  const parts = [plain, plain.replace(SITE, ''), ...titles, ...parenthesised]
  // `[Copper Harbor][S02][1080p]`: text in brackets is a title only if there is none outside.
  const isAllBrackets = roughTitle(readNumbers(text.replace(IN_BRACKETS, ' '), false)) === ''
  const bracketed = isAllBrackets ? [...text.matchAll(IN_BRACKETS)].map(([, a, b]) => a ?? b ?? '') : []
  return new Set([...parts, ...bracketed].map((part) => part.trim()).slice(0, MAX_PARTS))
}

function withoutTags(text: string): string {
  const [tag] = TAG.exec(text) ?? []
  return tag === undefined ? text : text.slice(tag.length)
}
