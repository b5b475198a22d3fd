import { type NameNumbers, readNumbers } from '../names/name-numbers.ts'
import { roughTitle } from '../names/rough-title.ts'
import { HIDDEN } from '../names/technical-words.ts'
import { titleWords } from '../names/titles.ts'
import { yearInFront } from '../names/year-in-front.ts'

/** What the names of a video say about it as a film. Words are separated by blanks, in the form of titles.ts. */
export interface FilmName {
  readonly title: string
  readonly folderTitle: string
  readonly year: number | undefined
  readonly part: number | undefined
}

/** Halves of one film: `film-cd1`. */
const HALF = /(?<=[-._ ([])(?:cd|dis[ck]|dvd)[ ._-]?(?<part>\d)(?!\d).*$/i
const BEFORE_TITLE = new RegExp(`^[${HIDDEN} ._–)-]+`)

/**
 * @param title - the words before the numbers in the name
 * @param folder - of the video, if it is in one
 */
export function readFilm(numbers: NameNumbers, title: string, folder: NameNumbers | undefined): FilmName {
  const half = HALF.exec(numbers.rest)
  return {
    title: half || numbers.start === 0 ? titleOf(numbers) : title,
    folderTitle: folder ? titleWords(roughTitle(folder)).join(' ') : '',
    year: numbers.year ?? folder?.year,
    part: half?.groups?.part ? Number(half.groups.part) : numbers.part,
  }
}

/**
 * The same for a name that begins with the year, `1993 - Film.mkv`; the year is not part of the title.
 *
 * @param titles - of the collection that may be sorted by year
 * @returns `undefined` for any other name
 */
export function filmBehindYear(
  fileName: string,
  titles: readonly string[],
  folder: NameNumbers | undefined,
): FilmName | undefined {
  const found = yearInFront(fileName.replace(/\.\w{2,4}$/, ''), titles)
  if (!found) return undefined
  const numbers = readNumbers(found.rest, true)
  const film = readFilm(numbers, titleWords(roughTitle(numbers)).join(' '), folder)
  return { ...film, year: found.year }
}

function titleOf(numbers: NameNumbers): string {
  const rest = numbers.rest.replace(HALF, '')
  const isInFront = numbers.start !== 0
  const title = roughTitle(isInFront ? { ...numbers, rest } : { rest: rest.replace(BEFORE_TITLE, '') })
  return titleWords(title).join(' ')
}
