/** The known episodes of a series. */
export interface KnownEpisodes {
  /** titles, by `season:episode`; episodes without a known title may be missing */
  readonly episodes: ReadonlyMap<string, string>
}

/** With a smaller share of known titles, the season is incomplete, and its length is unknown. */
const MIN_KNOWN = 0.75

/**
 * The number of an episode counted from the first of its series, as fansubs count. The last known number of a season is
 * taken as its length, so that an episode without a title does not shift all that follow.
 *
 * @returns `undefined` for specials, and if it is unknown how many episodes came before
 */
export function countFromFirst(
  season: number,
  episode: number,
  { episodes }: KnownEpisodes,
): number | undefined {
  if (season < 1) return undefined
  const seasons = numbersOf(episodes)
  let before = 0
  for (let each = 1; each < season; each++) {
    const numbers = seasons.get(each)
    if (!numbers) return undefined
    const last = Math.max(...numbers)
    // Some catalogues count through all seasons: the second begins with 13.
    const isCountedOn = before > 0 && Math.min(...numbers) > before
    const count = isCountedOn ? last - before : last
    if (numbers.size < count * MIN_KNOWN) return undefined
    before += count
  }
  const own = seasons.get(season)
  const isCountedOn = before > 0 && own !== undefined && Math.min(...own) > before
  return isCountedOn ? episode : before + episode
}

/** Numbers of the episodes of each season; an episode 0, a prologue, is not counted. */
function numbersOf(episodes: KnownEpisodes['episodes']): Map<number, Set<number>> {
  const seasons = new Map<number, Set<number>>()
  for (const key of episodes.keys()) {
    const [season = 0, number = 0] = key.split(':').map(Number)
    if (number < 1) continue
    seasons.set(season, (seasons.get(season) ?? new Set()).add(number))
  }
  return seasons
}
