import { LRUCache } from 'lru-cache'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'

/** Players ask several times for the same film; who asks later means it, and the swarm is asked again. */
const NO_USE_MS = 30_000
/** Lists say it as long as what sources say of seeders is kept, too. */
const WORTH_SAYING_MS = 600_000
const MOST_TORRENTS = 1_000
const MOST_LETTERS = 1024 * 1024

interface Wait {
  /** ms of the process' clock */
  readonly endedAt: number
  /** that were asked */
  readonly trackers: readonly string[]
}

/** Torrents that were waited for in vain, until a peer comes. */
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

  /** No peer gave anything, for as long as a viewer waits. @param trackers - that were asked */
  note(infoHash: InfoHash, trackers: readonly string[]): void {
    this.#waits.set(infoHash, { endedAt: this.#now(), trackers })
  }

  /** A peer is there. */
  forget(infoHash: InfoHash): void {
    this.#waits.delete(infoHash)
  }

  /**
   * Whether to wait for it now is of no use: the last wait has just ended, and asked the same trackers.
   *
   * @param trackers - that would be asked
   */
  isOfNoUse(infoHash: InfoHash, trackers: readonly string[]): boolean {
    const wait = this.#waits.peek(infoHash)
    if (!wait || this.#now() - wait.endedAt >= NO_USE_MS) return false
    const asked = new Set(wait.trackers)
    return trackers.every((url) => asked.has(url))
  }

  /** How long ago the last wait ended, in ms; absent if that is long ago, or a peer came since. */
  sinceMs(infoHash: InfoHash): number | undefined {
    const wait = this.#waits.peek(infoHash)
    if (!wait) return undefined
    const ms = this.#now() - wait.endedAt
    return ms < WORTH_SAYING_MS ? ms : undefined
  }
}
