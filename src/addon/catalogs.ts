import { CATALOG_ID, LIBRARY_CATALOG_ID } from '../../manifest/manifest.ts'
import { createLibraryCatalog } from '../library/library-catalog.ts'
import type { Titles } from '../library/titles.ts'
import type { FilmLibrary } from '../sources/film-library.ts'
import type { CatalogFilm } from './present-meta.ts'

/** What the server can list without a title: its films, and what is on disk. */
export interface Catalogs {
  /** Films or series of one catalogue, each once; empty for a catalogue that is not ours. */
  list(catalogId: string, type: string): Promise<readonly CatalogFilm[]>
  /** A film, or all known episodes of a series; empty if the id is unknown. */
  find(type: string, id: string): Promise<CatalogFilm[]>
}

/** @param titles - the videos on disk */
export function createCatalogs(films: Pick<FilmLibrary, 'films'>, titles: Titles): Catalogs {
  const library = createLibraryCatalog(titles)

  async function firstOfEach(type: string): Promise<CatalogFilm[]> {
    const named = (await films.films()).filter((film) => film.type === type)
    return [...new Map(named.toReversed().map((film) => [film.id, film])).values()].toReversed()
  }

  return {
    async list(catalogId, type) {
      if (catalogId === LIBRARY_CATALOG_ID) return library.list(type)
      return catalogId === CATALOG_ID ? firstOfEach(type) : []
    },
    async find(type, id) {
      const named = (await films.films()).filter((film) => film.type === type && film.id === id)
      const known = new Set(named.map(episodeKey))
      const others = (await library.find(type, id)).filter((film) => !known.has(episodeKey(film)))
      return [...named, ...others]
    },
  }
}

function episodeKey({ season, episode }: CatalogFilm): string {
  return `${season}:${episode}`
}
