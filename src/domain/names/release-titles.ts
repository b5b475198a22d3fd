import { readNumbers } from './name-numbers.ts'
import { parseReleaseName } from './release-name.ts'
import { roughTitle } from './rough-title.ts'
import { titleWords } from './titles.ts'

/** A title as the name of a release writes it. */
export interface ReadTitle {
  readonly words: readonly string[]
  /** said behind it */
  readonly year?: number
}

/** Indexers with titles in several languages write names of up to 400 letters. */
const MAX_LENGTH = 500
/** More readings than this only come out of a name that is made to cost time. */
const MAX_PARTS = 12

/** `[Group]`, `【Site】` */
const TAG = /^(?:\[[^\]]{0,80}\]|【[^】]{0,80}】)[ ._-]{0,3}/u
/** `www.films.im - `, `films.org | `; a title such as "Mr.Robot - S01" looks like that too, so it is only one reading. */
const SITE = /^(?:https?:\/\/)?(?:[\p{L}\p{N}-]{1,40}\.){1,4}[a-z]{2,6}[ _]{1,2}[-–—|:]+[ _]{1,2}/iu
const BETWEEN_TITLES = /[ ._][/|][ ._]|[|｜]|[ ]\/|\/[ ]/u
const IN_PARENTHESES = /\(([^()]{2,120})\)/gu
const IN_BRACKETS = /\[([^[\]]{2,120})\]|【([^【】]{2,120})】/gu
const CYRILLIC_THEN_LATIN =
  /^[^\p{Script=Latin}]*\p{Script=Cyrillic}[^\p{Script=Latin}]*[ ._](?=\p{Script=Latin})/u

/**
 * All titles that the name of a release can be read to say: names hold the title in several languages, in brackets,
 * behind the address of a site or the name of a group.
 *
 * @yields the likeliest first; the words that follow a title in front of the numbers are still there
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

/** The places of a name where a title may stand. */
function partsOf(text: string): Set<string> {
  const plain = withoutTags(text)
  const titles = plain.split(BETWEEN_TITLES)
  const parenthesised = [...plain.matchAll(IN_PARENTHESES)].map(([, inside = '']) => inside)
  const parts = [plain, plain.replace(SITE, ''), ...titles, ...parenthesised]
  // `[Copper Harbor][S02][1080p]`: what stands in brackets is a title only where none stands outside.
  const isAllBrackets = roughTitle(readNumbers(text.replace(IN_BRACKETS, ' '), false)) === ''
  const bracketed = isAllBrackets ? [...text.matchAll(IN_BRACKETS)].map(([, a, b]) => a ?? b ?? '') : []
  return new Set([...parts, ...bracketed].map((part) => part.trim()).slice(0, MAX_PARTS))
}

function withoutTags(text: string): string {
  const [tag] = TAG.exec(text) ?? []
  return tag === undefined ? text : text.slice(tag.length)
}
