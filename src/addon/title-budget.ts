import { LRUCache } from 'lru-cache'

/** A viewer who browses opens a title every few seconds at most. */
const MAX_TITLES = 60
const PER_MS = 60_000
const MAX_CLIENTS = 1_000

/** Limits how many titles each client may have looked up; beyond that, lists are made from cached answers. */
export class TitleBudget {
  /** by client: titles that were requested in about the last minute, with their times */
  readonly #asked = new LRUCache<string, Map<string, number>>({ max: MAX_CLIENTS })

  /**
   * Counts a request for a title. The same title counts once a minute.
   *
   * @param now - ms
   * @returns whether it may be looked up
   */
  admits(client: string, title: string, now: number): boolean {
    const asked = this.#asked.get(client) ?? new Map<string, number>()
    this.#asked.set(client, asked)
    for (const [earlier, at] of asked) if (now - at >= PER_MS) asked.delete(earlier)
    if (asked.has(title)) return true
    if (asked.size >= MAX_TITLES) return false
    asked.set(title, now)
    return true
  }
}
