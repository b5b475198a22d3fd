import type { Stats } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'

/** Larger ones are no notes on a film. */
const MAX_BYTES = 256 * 1024
const IMDB_ID = /(?<![\p{L}\d])tt\d{7,9}(?!\d)/u

/** IMDb ids out of the `.nfo` files that media servers and releases put beside videos. */
export class NfoIds {
  readonly #ids = new Map<string, string>()
  /** what was read, so that it is not read again */
  readonly #seen = new Map<string, string>()
  #changed = new Set<string>()

  /** @returns whether there is another id now */
  async read(path: string, { size, mtimeMs }: Stats): Promise<boolean> {
    const seen = `${size}/${mtimeMs}`
    if (this.#seen.get(path) === seen) return false
    this.#seen.set(path, seen)
    const text = size > MAX_BYTES ? '' : await readFile(path, 'latin1').catch(() => '')
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

  /** Folders in which something has changed since this was last asked. */
  changed(): ReadonlySet<string> {
    const changed = this.#changed
    this.#changed = new Set()
    return changed
  }

  /** That of the film, or of the series: the one beside an episode is the episode's own, and not asked. */
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
