import type { NameNumbers } from '../names/name-numbers.ts'
import { roughTitle } from '../names/rough-title.ts'
import { HIDDEN } from '../names/technical-words.ts'
import { titleWords } from '../names/titles.ts'

/** What the names of a video say of it as a film. Words stand with a blank between them, in the form of titles.ts. */
export interface Film {
  readonly title: string
  readonly folderTitle: string
  readonly year: number | undefined
  readonly part: number | undefined
}

/** Halves of one film: `film-cd1`. */
const HALF = /(?<=[-._ ([])(?:cd|dis[ck]|dvd)[ ._-]?(?<part>\d)(?!\d).*$/i
const BEFORE_TITLE = new RegExp(`^[${HIDDEN} ._–)-]+`)

/**
 * @param title - what the name says in front of its numbers, as words
 * @param folder - that the video lies in, if it lies in one
 */
export function readFilm(numbers: NameNumbers, title: string, folder: NameNumbers | undefined): Film {
  const half = HALF.exec(numbers.rest)
  return {
    title: half || numbers.start === 0 ? titleOf(numbers) : title,
    folderTitle: folder ? titleWords(roughTitle(folder)).join(' ') : '',
    year: numbers.year ?? folder?.year,
    part: half?.groups?.part ? Number(half.groups.part) : numbers.part,
  }
}

function titleOf(numbers: NameNumbers): string {
  const rest = numbers.rest.replace(HALF, '')
  const isInFront = numbers.start !== 0
  const title = roughTitle(isInFront ? { ...numbers, rest } : { rest: rest.replace(BEFORE_TITLE, '') })
  return titleWords(title).join(' ')
}
