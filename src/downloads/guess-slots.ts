import { LRUCache } from 'lru-cache'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { Job, type Target, type Why } from './guess.ts'

/** More at a time would not come sooner, and what viewers wanted last is what they want most. */
const MOST_OF_A_KIND = 3
const MOST_REFUSED = 1_000

type Work = (job: Job, stopped: AbortSignal) => Promise<void>

/**
 * What is being fetched ahead, and what was lately: of each kind the last few. A viewer's new guess takes the place of
 * their last one, and the oldest goes where there are too many.
 */
export class JobSlots {
  /** by kind and by whom they are for, the oldest first */
  readonly #jobs = new Map<string, Job>()
  /** what the owner has stopped is not begun again by itself */
  readonly #refused = new LRUCache<string, true>({ max: MOST_REFUSED })
  /** those that were stopped, until they have ended */
  readonly #ending = new Set<Promise<void>>()

  all(): Job[] {
    return [...this.#jobs.values()]
  }

  /** @param whom - one has one job of a kind at a time */
  begin(why: Why, whom: string, target: Target, work: Work, now: number): void {
    if (this.#refused.get(keyOf(why, target.infoHash))) return
    const slot = `${why} ${whom}`
    const last = this.#jobs.get(slot)
    if (last && isSame(last, target)) return
    this.#drop(slot)
    this.#jobs.set(slot, new Job(why, target, work, now))
    const ofKind = [...this.#jobs].filter(([, job]) => job.why === why).map(([each]) => each)
    for (const oldest of ofKind.slice(0, -MOST_OF_A_KIND)) this.#drop(oldest)
  }

  /** What is done, and not there any more, is as if it had never been. */
  forget(isThere: (infoHash: InfoHash) => boolean): void {
    for (const [slot, { isDone, target }] of this.#jobs)
      if (isDone && !isThere(target.infoHash)) this.#drop(slot)
  }

  /** Stops those of a torrent, or all of them, for good. @returns how many there were */
  async refuse(infoHash?: InfoHash): Promise<number> {
    const stopped = [...this.#jobs].filter(
      ([, { target }]) => infoHash === undefined || target.infoHash === infoHash,
    )
    for (const [slot, { why, target }] of stopped) {
      this.#refused.set(keyOf(why, target.infoHash), true)
      this.#drop(slot)
    }
    await this.ended()
    return stopped.length
  }

  /** Stops all of them. */
  async close(): Promise<void> {
    for (const slot of this.#jobs.keys()) this.#drop(slot)
    await this.ended()
  }

  /** Resolves when all that were stopped have ended. */
  async ended(): Promise<void> {
    await Promise.all(this.#ending)
  }

  #drop(slot: string): void {
    const job = this.#jobs.get(slot)
    if (!job) return
    this.#jobs.delete(slot)
    job.stop()
    this.#ending.add(job.ended)
    void job.ended.then(() => this.#ending.delete(job.ended))
  }
}

function keyOf(why: Why, infoHash: InfoHash): string {
  return `${why} ${infoHash}`
}

/** One that failed may be tried again. */
function isSame({ target, hasFailed }: Job, other: Target): boolean {
  return (
    !hasFailed &&
    target.infoHash === other.infoHash &&
    JSON.stringify(target.choice) === JSON.stringify(other.choice)
  )
}
