/** Catalogue data of a film, or of one episode of a series. */
export interface CatalogFilm {
  readonly id: string
  readonly type: 'movie' | 'series'
  readonly name: string
  readonly title?: string | undefined
  readonly description?: string | undefined
  readonly licence?: string | undefined
  readonly attribution?: string | undefined
  readonly poster?: string | undefined
  readonly background?: string | undefined
  readonly year?: number | undefined
  readonly runtime?: string | undefined
  readonly genres?: readonly string[] | undefined
  readonly season?: number | undefined
  readonly episode?: number | undefined
}

/**
 * A row of a catalogue.
 *
 * @param baseUrl - address by which the device reaches us, without trailing slash
 * @see https://github.com/Stremio/stremio-addon-sdk/blob/master/docs/api/responses/meta.md
 */
export function presentPreview(film: CatalogFilm, baseUrl: string): object {
  const { id, type, name, background, year, runtime, genres } = film
  // Without a poster, Stremio shows a placeholder, and no title.
  const poster = film.poster ?? `${baseUrl}/poster/${type}/${encodeURIComponent(id)}.svg`
  return withoutUndefined({
    id,
    type,
    name,
    poster,
    background,
    description: descriptionOf(film),
    releaseInfo: year === undefined ? undefined : String(year),
    runtime,
    genres,
  })
}

/** The page of a film or series. @param films - all entries with its id */
export function presentMeta(films: readonly [CatalogFilm, ...CatalogFilm[]], baseUrl: string): object {
  const [first] = films
  if (first.type === 'movie') return presentPreview(first, baseUrl)
  const episodes = new Map(films.map((film) => [`${film.season}:${film.episode}`, film]))
  const videos = [...episodes.values()]
    .sort((a, b) => (a.season ?? 0) - (b.season ?? 0) || (a.episode ?? 0) - (b.episode ?? 0))
    .map(({ id, season, episode, title, year }) => ({
      id: `${id}:${season}:${episode}`,
      title: title ?? `Episode ${episode}`,
      season,
      episode,
      released: new Date(Date.UTC(year ?? 1970, 0, 1)).toISOString(),
    }))
  return { ...presentPreview(first, baseUrl), videos }
}

function descriptionOf({ description, licence, attribution }: CatalogFilm): string | undefined {
  const terms = [licence && `Licence: ${licence}`, attribution].filter(Boolean).join(' · ')
  return [description, terms].filter(Boolean).join('\n\n') || undefined
}

function withoutUndefined(value: Record<string, unknown>): object {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined))
}
