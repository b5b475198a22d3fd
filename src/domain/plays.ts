import { LRUCache } from 'lru-cache'

/** A read after this long without one starts another play. */
const PAUSE_MS = 30 * 60 * 1000
const MAX_REMEMBERED = 10_000

/** Counts plays rather than requests: players open a connection for every seek. */
export class Plays {
  readonly #lastRead = new LRUCache<string, number>({ max: MAX_REMEMBERED })

  /**
   * Notes that a client reads a file.
   *
   * @param file - any unique key
   * @param client - any unique key, such as an address
   * @returns whether this starts a play: the client's first read of the file after 30 minutes without one
   */
  note(file: string, client: string, now: number): boolean {
    const key = `${file}/${client}`
    const last = this.#lastRead.get(key)
    this.#lastRead.set(key, now)
    return last === undefined || now - last >= PAUSE_MS
  }
}
