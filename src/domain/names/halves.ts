/** `S01E04a`, `1x04b` */
const OF_EPISODE =
  /(?<=(?<![\p{L}\p{N}])(?:s\d{1,4}[ ._-]?)?(?:e|ep|\d{1,2}x)\d{1,4})(?<letter>[abc])(?![\p{L}\p{N}])/iu
/** `film-cd1`, `Film (Disc 2)` */
const OF_FILM = /(?<=[-._ ([])(?:cd|dis[ck]|dvd)[ ._-]?(?<number>[1-9])(?!\d)/i
/** `VTS_01_2.VOB` */
const OF_DVD = /(?<=vts_\d\d_)(?<number>[1-9])(?=\.vob$)/i

/** One of the files that a film or an episode was split into. */
export interface Half {
  /** from 1 */
  readonly number: number
  /** the name without the number: equal for all parts */
  readonly rest: string
}

/** Which part of a film or an episode a file is; `undefined` if its name has no such number. */
export function halfOf(name: string): Half | undefined {
  const found = OF_EPISODE.exec(name) ?? OF_DVD.exec(name) ?? OF_FILM.exec(name)
  if (!found?.groups) return undefined
  const { letter, number } = found.groups
  const rest = `${name.slice(0, found.index)}${name.slice(found.index + found[0].length)}`.toLowerCase()
  return { number: letter === undefined ? Number(number) : 'abc'.indexOf(letter.toLowerCase()) + 1, rest }
}
