/** `S02E05`, `S02E05-E06`, or `episode 5` without a season or with several. */
export function episodeLabel(seasons: readonly number[], episodes: readonly number[]): string {
  const [season] = seasons
  const first = episodes[0] ?? 0
  const last = episodes.at(-1) ?? first
  if (season === undefined || seasons.length > 1) {
    return first === last ? `episode ${first}` : `episodes ${first} to ${last}`
  }
  return `S${padded(season)}E${padded(first)}${first === last ? '' : `-E${padded(last)}`}`
}

function padded(number: number): string {
  return String(number).padStart(2, '0')
}
