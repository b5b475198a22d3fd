import { LRUCache } from 'lru-cache'

/** A viewer who looks around opens a title every few seconds at most. */
const MOST_TITLES = 60
const PER_MS = 60_000
const MOST_CLIENTS = 1_000

/** How many titles each client may have looked up: what it asks for beyond that is answered from what is known. */
export class TitleBudget {
  /** by client: when it asked for which titles, in the last minute or so */
  readonly #asked = new LRUCache<string, Map<string, number>>({ max: MOST_CLIENTS })

  /**
   * A client asks for a title. The same one counts once a minute.
   *
   * @param now - ms
   * @returns whether it may be looked up
   */
  admits(client: string, title: string, now: number): boolean {
    const asked = this.#asked.get(client) ?? new Map<string, number>()
    this.#asked.set(client, asked)
    for (const [earlier, at] of asked) if (now - at >= PER_MS) asked.delete(earlier)
    if (asked.has(title)) return true
    if (asked.size >= MOST_TITLES) return false
    asked.set(title, now)
    return true
  }
}
