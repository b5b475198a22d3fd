import { LRUCache } from 'lru-cache'

/** Reading again after so long without is another play. */
const PAUSE_MS = 30 * 60 * 1000
const MAX_REMEMBERED = 10_000

/** Tells a play from the many requests that one is made of: players open a connection for every seek. */
export class Plays {
  readonly #lastRead = new LRUCache<string, number>({ max: MAX_REMEMBERED })

  /**
   * A client reads a file now.
   *
   * @param file - whatever tells it from others
   * @param client - whatever tells one from another, such as its address
   * @returns whether this begins a play: its first read of that file after 30 minutes without
   */
  note(file: string, client: string, now: number): boolean {
    const key = `${file}/${client}`
    const last = this.#lastRead.get(key)
    this.#lastRead.set(key, now)
    return last === undefined || now - last >= PAUSE_MS
  }
}
