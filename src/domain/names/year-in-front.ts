import { titleWords } from './titles.ts'
import { isNeutral } from './words-behind-title.ts'

const IN_FRONT = /^(?<year>(?:19|20)\d\d)[ ._]{0,2}[-–][ ._]{1,2}(?=\p{L})/u
const COLLECTION = new Set(['trilogy', 'saga', 'films', 'movies', 'box', 'set', 'boxset'])

/**
 * The year at the beginning of a name, by which collections sort their films: `1993- Copper Park`. Such a year may also
 * be part of the title, so it counts only if the name after it is that of the collection.
 *
 * @param titles - names of the folder or the torrent
 * @returns `undefined` if there is no such year
 */
export function yearInFront(
  name: string,
  titles: readonly string[],
): { readonly year: number; readonly rest: string } | undefined {
  const found = IN_FRONT.exec(name)
  if (!found) return undefined
  const rest = name.slice(found[0].length)
  const words = titleWords(rest)
  const isCollection = titles
    .map((title) => titleWords(title).filter((word) => !isNeutral(word) && !COLLECTION.has(word)))
    .some((title) => title.length > 0 && title.every((word) => words.includes(word)))
  return isCollection ? { year: Number(found.groups?.year), rest } : undefined
}
