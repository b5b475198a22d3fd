import { isShortRange, type NameNumbers } from './name-numbers.ts'
import { likeliest, type PathNumbers } from './path-numbers.ts'

/** `103` or `1211`: the season, and the episode in two digits. */
const COMPACT = /^([1-9]\d?)(0[1-9]|[1-5]\d)$/
/** A season with more episodes is probably counted from the first of the series. */
const MAX_EPISODES_PER_SEASON = 40

/** Anything with a parsed name, such as a video. */
interface Named<T extends NameNumbers> {
  readonly numbers: T
}

/**
 * Removes the bare numbers that all siblings share: they belong to the title, as in `The 100 - 05`.
 *
 * @param siblings - the videos of one folder
 */
export function withoutShared<T extends Named<NameNumbers>>(siblings: readonly T[]): T[] {
  const [first, ...others] = siblings.map(({ numbers }) => numbers.bare).filter(({ length }) => length > 0)
  const shared = new Set(first?.map(({ value }) => value))
  for (const bare of others) {
    for (const value of shared) if (!bare.some((number) => number.value === value)) shared.delete(value)
  }
  const rest = (bare: NameNumbers['bare']) => bare.filter(({ value }) => !shared.has(value))
  const isSomethingLeft = others.some((bare) => rest(bare).length > 0)
  if (!isSomethingLeft) return [...siblings]
  return siblings.map((each) => ({ ...each, numbers: { ...each.numbers, bare: rest(each.numbers.bare) } }))
}

/**
 * In a folder with `01-05` and `01-06`, which cannot be ranges, `01-02` is not a range either, but the second episode
 * of the first season.
 *
 * @param siblings - the videos of one folder
 */
export function withDashes<T extends Named<NameNumbers>>(siblings: readonly T[]): T[] {
  const isSeason = siblings.some(({ numbers: { dashed } }) => dashed && !isShortRange(dashed))
  return siblings.map((each) => {
    const { dashed } = each.numbers
    if (!isSeason || !dashed) return each
    return { ...each, numbers: { ...each.numbers, seasons: [dashed[0]], episodes: [dashed[1]] } }
  })
}

/**
 * Turns the remaining bare numbers into episodes: `103` is the third of the first season if its siblings look the same,
 * else number 103.
 *
 * @param siblings - the videos of one folder
 */
export function withGuesses<T extends Named<PathNumbers>>(siblings: readonly T[]): T[] {
  const open = siblings.map(({ numbers }) => numbers).filter(isOpen)
  const seasons = Map.groupBy(open, ({ bare }) => COMPACT.exec(likeliest(bare)?.digits ?? '')?.[1])
  const isCompact =
    !seasons.has(undefined) &&
    [...seasons.values()].every(({ length }) => length <= MAX_EPISODES_PER_SEASON) &&
    !open.some(({ rest }) => rest.startsWith('['))
  return siblings.map((each) =>
    isOpen(each.numbers) ? { ...each, numbers: withGuess(each.numbers, isCompact) } : each,
  )
}

function isOpen({ episodes, absolute, date, bare, part }: NameNumbers): boolean {
  return bare.length > 0 && episodes.length + absolute.length === 0 && (date ?? part) === undefined
}

function withGuess(numbers: PathNumbers, isCompact: boolean): PathNumbers {
  const bare = likeliest(numbers.bare)
  if (!bare) return numbers
  const guess = { ...numbers, bare: [], episodeOf: 'file', isGuess: true } as const
  const [, season, episode] = COMPACT.exec(bare.digits) ?? []
  if (!isCompact || season === undefined) return { ...guess, episodes: [bare.value] }
  return { ...guess, seasons: [Number(season)], seasonOf: 'file', episodes: [Number(episode)] }
}
