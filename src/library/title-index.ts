import { createHash } from 'node:crypto'
import { titleKey } from '../domain/names/library-name.ts'
import type { LibraryFile } from './library-file.ts'

/** A film or a series, with all of its files. */
export interface Work {
  /** IMDb's if known, else one of ours that stays the same */
  readonly id: string
  readonly kind: Kind
  readonly title: string
  readonly year?: number
  /** when the newest file was added, epoch ms */
  readonly addedAt: number
  readonly files: readonly LibraryFile[]
}

export type Kind = LibraryFile['about']['kind']

/** A file that has a title. */
export interface Titled {
  readonly file: LibraryFile
  readonly year: number | undefined
}

/** Films or series with the same title, of any year. */
interface Cluster {
  readonly files: Set<LibraryFile>
  /** cached; dropped on every change */
  works?: readonly Work[] | undefined
}

/** Prefix of our own ids; installed addons and users' libraries refer to them. */
const OWN_ID = 'selfstreme:lib-'
const IMDB_ID = /^tt\d+$/

/** All videos on disk by title. Adding or removing a file touches only the files with the same title. */
export class TitleIndex {
  readonly #clusters = new Map<string, Cluster>()
  /** by the alternative reading of their names */
  readonly #otherTitles = new Map<string, Set<LibraryFile>>()
  readonly #byId = new Map<string, Set<LibraryFile>>()
  /** cached; dropped on every change */
  readonly #works = new Map<Kind, readonly Work[]>()

  add(file: LibraryFile): void {
    this.#works.clear()
    const key = keyOf(file)
    const cluster = this.#clusters.get(key) ?? { files: new Set() }
    this.#clusters.set(key, cluster)
    cluster.files.add(file)
    cluster.works = undefined
    for (const id of idsOf(file)) addTo(this.#byId, id, file)
    const { kind, otherwise } = file.about
    if (otherwise) addTo(this.#otherTitles, `${kind}/${titleKey(otherwise.title)}`, file)
  }

  remove(file: LibraryFile): void {
    this.#works.clear()
    const key = keyOf(file)
    const cluster = this.#clusters.get(key)
    cluster?.files.delete(file)
    if (cluster) cluster.works = undefined
    if (cluster?.files.size === 0) this.#clusters.delete(key)
    for (const id of idsOf(file)) takeFrom(this.#byId, id, file)
    const { kind, otherwise } = file.about
    if (otherwise) takeFrom(this.#otherTitles, `${kind}/${titleKey(otherwise.title)}`, file)
  }

  /**
   * Films or series: files with the same title and year, or the same id, are one; the same list until something
   * changes.
   */
  works(kind: Kind): readonly Work[] {
    const known = this.#works.get(kind)
    if (known) return known
    const works = new Map<string, Work>()
    for (const [key, cluster] of this.#clusters) {
      if (!key.startsWith(`${kind}/`)) continue
      for (const work of worksOf(cluster)) works.set(work.id, merged(works.get(work.id), work))
    }
    const all = [...works.values()]
    this.#works.set(kind, all)
    return all
  }

  /** The films or series with an id, ours or a catalogue's: one, unless the names contradict each other. */
  withId(kind: Kind, id: string): Work[] {
    const files = [...(this.#byId.get(id) ?? [])].filter(({ about }) => about.kind === kind)
    const clusters = new Set(files.map((file) => this.#clusters.get(keyOf(file))))
    return [...clusters]
      .flatMap((cluster) => (cluster ? worksOf(cluster) : []))
      .filter((work) => work.id === id || work.files.some((file) => files.includes(file)))
  }

  has(kind: Kind): boolean {
    for (const key of this.#clusters.keys()) if (key.startsWith(`${kind}/`)) return true
    return false
  }

  titled(kind: Kind, title: string): Titled[] {
    const key = `${kind}/${titleKey(title)}`
    const files = [...(this.#clusters.get(key)?.files ?? [])].map((file) => ({ file, year: file.about.year }))
    const others = [...(this.#otherTitles.get(key) ?? [])].map((file) => ({
      file,
      year: file.about.otherwise?.year,
    }))
    return [...files, ...others]
  }
}

function keyOf({ about: { kind, title } }: LibraryFile): string {
  return `${kind}/${titleKey(title)}`
}

function idsOf(file: LibraryFile): string[] {
  return [...file.ids, ownId(keyOf(file), file.about.year)]
}

function ownId(key: string, year: number | undefined): string {
  const digest = createHash('sha1')
    .update(`${key}/${year ?? ''}`)
    .digest('hex')
  return `${OWN_ID}${digest.slice(0, 16)}`
}

function worksOf(cluster: Cluster): readonly Work[] {
  cluster.works ??= divide([...cluster.files])
  return cluster.works
}

/** A file without year (or id) belongs to the only year (or id) that the others give. */
function divide(files: readonly LibraryFile[]): Work[] {
  const years = said(files, ({ about }) => about.year)
  const byYear = Map.groupBy(files, ({ about }) => about.year ?? (years.length === 1 ? years[0] : undefined))
  return [...byYear].flatMap(([year, sameYear]) => {
    const ids = said(sameYear, imdbIdOf)
    const byId = Map.groupBy(sameYear, (file) => imdbIdOf(file) ?? (ids.length === 1 ? ids[0] : undefined))
    return [...byId].map(([id, same]) => workOf(same, year, id))
  })
}

function said<T>(files: readonly LibraryFile[], read: (file: LibraryFile) => T | undefined): T[] {
  return [...new Set(files.map(read))].filter((value) => value !== undefined)
}

function imdbIdOf({ ids }: LibraryFile): string | undefined {
  return ids.find((id) => IMDB_ID.test(id)) ?? ids.find((id) => id.startsWith('selfstreme:'))
}

function workOf(files: readonly LibraryFile[], year: number | undefined, id: string | undefined): Work {
  const [first] = files as [LibraryFile]
  const { kind } = first.about
  // The longest is the one with accents and articles.
  const title = files.map(({ about }) => about.title).reduce((a, b) => (b.length > a.length ? b : a))
  const addedAt = files.reduce((newest, file) => Math.max(newest, file.addedAt), 0)
  return {
    id: id ?? ownId(keyOf(first), year),
    kind,
    title,
    addedAt,
    files,
    ...(year === undefined ? {} : { year }),
  }
}

function merged(first: Work | undefined, next: Work): Work {
  if (!first) return next
  const addedAt = Math.max(first.addedAt, next.addedAt)
  return { ...first, addedAt, files: [...first.files, ...next.files] }
}

function addTo(sets: Map<string, Set<LibraryFile>>, key: string, file: LibraryFile): void {
  const files = sets.get(key)
  if (files) files.add(file)
  else sets.set(key, new Set([file]))
}

function takeFrom(sets: Map<string, Set<LibraryFile>>, key: string, file: LibraryFile): void {
  const files = sets.get(key)
  files?.delete(file)
  if (files?.size === 0) sets.delete(key)
}
