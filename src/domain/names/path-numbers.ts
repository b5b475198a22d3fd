import { type BareNumber, MAX_LENGTH, type NameNumbers, readNumbers } from './name-numbers.ts'

/** The numbers of a file, combined with those of its folders. */
export interface PathNumbers extends NameNumbers {
  /** which name gives season and episode, if any does */
  readonly seasonOf?: 'file' | 'folder'
  readonly episodeOf?: 'file' | 'folder'
  /** whether the episode is only likely: the `5` of `Season 2/Show 5` */
  readonly isGuess: boolean
}

/** A folder with more episodes is a pack, and says nothing about the one file in it. */
const MAX_EPISODES_PER_FILE = 4
const SPECIALS = /^(?:[^+&]{0,80}[-–_. ])?(?:specials?|ovas?|oads?|sps?)$/i

/** Reads a folder: `Season 2`, `Staffel 02`, `Specials`, or the name of a release. */
export function readFolder(folder: string): NameNumbers {
  const name = folder.slice(0, MAX_LENGTH)
  const numbers = readNumbers(name, false)
  const isSpecials = SPECIALS.test(name.trim()) && numbers.episodes.length === 0
  if (!isSpecials) return numbers
  return { ...numbers, seasons: [0], start: Math.max(0, name.search(/[-–_. ]*[^-–_. ]+$/)) }
}

/**
 * Combines the numbers of a file and its folders.
 *
 * @param folders - innermost first
 */
export function placeNumbers(file: NameNumbers, folders: readonly NameNumbers[]): PathNumbers {
  if (countOf(file) === 0 && file.date === undefined) {
    const release = folders.find((folder) => countOf(folder) > 0 || folder.date !== undefined)
    if (release && countOf(release) <= MAX_EPISODES_PER_FILE) return ofFolder(file, release)
  }
  const isSaid = countOf(file) > 0
  const own = { ...file, isGuess: false, ...(isSaid ? { episodeOf: 'file' as const } : {}) }
  if (file.seasons.length > 0) return { ...own, seasonOf: 'file' }
  const seasons = folders.find((folder) => folder.seasons.length > 0)?.seasons
  if (!seasons) return own
  const placed = { ...own, seasons, seasonOf: 'folder' as const }
  const [season = 0] = seasons
  if (seasons.length > 1) return placed
  if (file.absolute.length > 0) return { ...placed, episodes: file.absolute, absolute: [] }
  const bare = isSaid || file.date !== undefined ? undefined : likeliest(file.bare)
  if (!bare) return placed
  return {
    ...placed,
    episodes: [withinSeason(bare.value, season)],
    bare: [],
    start: Math.min(bare.index, file.start ?? bare.index),
    episodeOf: 'file',
    isGuess: true,
  }
}

/** Among numbers that are not marked as an episode: the first written like one, `05`, else the first. */
export function likeliest(bare: readonly BareNumber[]): BareNumber | undefined {
  return bare.find(({ digits }) => digits.startsWith('0')) ?? bare[0]
}

function ofFolder(file: NameNumbers, folder: NameNumbers): PathNumbers {
  const { seasons, episodes, absolute, date } = folder
  return {
    ...file,
    seasons,
    episodes,
    absolute,
    bare: [],
    ...(date === undefined ? {} : { date }),
    ...(seasons.length > 0 ? { seasonOf: 'folder' } : {}),
    episodeOf: 'folder',
    isGuess: false,
  }
}

function countOf({ episodes, absolute }: NameNumbers): number {
  return Math.max(episodes.length, absolute.length)
}

/** In the folder of season 2, `205` is its fifth episode. */
function withinSeason(value: number, season: number): number {
  return season > 0 && Math.floor(value / 100) === season && value % 100 > 0 ? value % 100 : value
}
