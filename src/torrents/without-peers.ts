import { LRUCache } from 'lru-cache'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'

/** Players repeat a request several times; after this long it is a new attempt, and the swarm is asked again. */
const NO_USE_MS = 30_000
/** Lists show it as long as they keep what sources say of seeders. */
const WORTH_SAYING_MS = 600_000
const MOST_TORRENTS = 1_000
const MOST_LETTERS = 1024 * 1024

interface Wait {
  /** ms of the process' clock */
  readonly endedAt: number
  /** that were asked */
  readonly trackers: readonly string[]
}

/** Torrents for which no peer was found, until one is. */
export class WithoutPeers {
  readonly #waits = new LRUCache<InfoHash, Wait>({
    max: MOST_TORRENTS,
    maxSize: MOST_LETTERS,
    sizeCalculation: ({ trackers }) => trackers.reduce((sum, url) => sum + url.length, 1),
  })
  readonly #now: () => number

  /** @param now - ms */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** No peer came while a viewer waited. @param trackers - that were asked */
  note(infoHash: InfoHash, trackers: readonly string[]): void {
    this.#waits.set(infoHash, { endedAt: this.#now(), trackers })
  }

  /** A peer is connected. */
  forget(infoHash: InfoHash): void {
    this.#waits.delete(infoHash)
  }

  /**
   * Whether there is no use in waiting: the last wait has just ended, and asked the same trackers.
   *
   * @param trackers - that would be asked
   */
  isOfNoUse(infoHash: InfoHash, trackers: readonly string[]): boolean {
    const wait = this.#waits.peek(infoHash)
    if (!wait || this.#now() - wait.endedAt >= NO_USE_MS) return false
    const asked = new Set(wait.trackers)
    return trackers.every((url) => asked.has(url))
  }

  /** How long ago the last wait ended, in ms; `undefined` if that is long ago, or a peer came since. */
  sinceMs(infoHash: InfoHash): number | undefined {
    const wait = this.#waits.peek(infoHash)
    if (!wait) return undefined
    const ms = this.#now() - wait.endedAt
    return ms < WORTH_SAYING_MS ? ms : undefined
  }
}
