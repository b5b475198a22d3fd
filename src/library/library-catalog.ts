import type { LibraryFile } from './library-file.ts'
import type { Kind, Work } from './title-index.ts'
import type { Titles } from './titles.ts'

/** A film on disk, or an episode of a series. */
export interface LibraryRow {
  readonly id: string
  readonly type: 'movie' | 'series'
  readonly name: string
  readonly year?: number
  readonly season?: number
  readonly episode?: number
}

export interface LibraryCatalog {
  /** Films or series, each once, newest first. */
  list(type: string): Promise<readonly LibraryRow[]>
  /** A film, or all episodes of a series that are on disk; empty if the id is unknown. */
  find(type: string, id: string): Promise<LibraryRow[]>
}

/** Everything on disk, as rows of a catalogue. */
export function createLibraryCatalog(titles: Pick<Titles, 'works' | 'withId'>): LibraryCatalog {
  const listed = new WeakMap<readonly Work[], readonly LibraryRow[]>()

  return {
    async list(type) {
      const kind = kindOf(type)
      if (!kind) return []
      const works = await titles.works(kind)
      const rows = listed.get(works) ?? works.toSorted(newestFirst).map(rowOf)
      listed.set(works, rows)
      return rows
    },
    async find(type, id) {
      const kind = kindOf(type)
      const works = kind ? await titles.withId(kind, id) : []
      return works.flatMap((work) => {
        const row = { ...rowOf(work), id }
        return kind === 'movie' ? row : work.files.flatMap((file) => episodesOf(file, row))
      })
    },
  }
}

function newestFirst(a: Work, b: Work): number {
  return b.addedAt - a.addedAt || (a.id < b.id ? -1 : 1)
}

function kindOf(type: string): Kind | undefined {
  if (type === 'movie') return 'movie'
  return type === 'series' ? 'episode' : undefined
}

function rowOf({ id, kind, title: name, year }: Work): LibraryRow {
  return {
    id,
    type: kind === 'movie' ? 'movie' : 'series',
    name,
    ...(year === undefined ? {} : { year }),
  }
}

/** A series without season numbers has one season. */
function episodesOf({ about: { season = 1, episodes } }: LibraryFile, row: LibraryRow): LibraryRow[] {
  return episodes.map((episode) => ({ ...row, season, episode }))
}
