import type { Stats } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { fingerprintOf } from '../files/same-file.ts'

/** Bytes; a larger file is not an NFO with metadata. */
const MAX_BYTES = 256 * 1024
const IMDB_ID = /(?<![\p{L}\d])tt\d{7,9}(?!\d)/u

/** IMDb ids from the `.nfo` files that media servers and releases put next to videos. */
export class NfoIds {
  readonly #ids = new Map<string, string>()
  /** files that were read, with size and mtime */
  readonly #seen = new Map<string, string>()
  #changed = new Set<string>()

  /** @returns whether the id has changed */
  async read(path: string, stats: Stats): Promise<boolean> {
    const seen = fingerprintOf(stats)
    if (this.#seen.get(path) === seen) return false
    this.#seen.set(path, seen)
    const text = stats.size > MAX_BYTES ? '' : await readFile(path, 'latin1').catch(() => '')
    const id = IMDB_ID.exec(text)?.[0]
    if (id === this.#ids.get(path)) return false
    if (id === undefined) this.#ids.delete(path)
    else this.#ids.set(path, id)
    this.#changed.add(dirname(path))
    return true
  }

  remove(path: string): void {
    this.#seen.delete(path)
    if (this.#ids.delete(path)) this.#changed.add(dirname(path))
  }

  /** Folders that have changed since the last call. */
  changed(): ReadonlySet<string> {
    const changed = this.#changed
    this.#changed = new Set()
    return changed
  }

  /** The id of the film or the series. An `.nfo` named like an episode holds the episode's own id, and is not used. */
  of(video: string, kind: 'movie' | 'episode'): string[] {
    if (this.#ids.size === 0) return []
    const directory = dirname(video)
    const places =
      kind === 'movie'
        ? [join(directory, `${basename(video, extname(video))}.nfo`), join(directory, 'movie.nfo')]
        : [join(directory, 'tvshow.nfo'), join(dirname(directory), 'tvshow.nfo')]
    return places.flatMap((place) => this.#ids.get(place) ?? []).slice(0, 1)
  }
}
