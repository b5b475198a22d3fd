import { messageOf, SelfStremeError } from '../domain/errors.ts'

/** After a failure the next try comes later and later. */
const PAUSE_MS = { first: 30_000, longest: 30 * 60_000 }
/** A viewer's torrent took its place: that may change at any time. */
const BUSY_PAUSE_MS = 5_000
/** Room may be made by others than us. */
const NO_ROOM_PAUSE_MS = 15_000

/** How far a wish has come, besides what is on disk of it. */
export interface Progress {
  /** `refused`: there is no room; it begins when there is. `failed`: it cannot come true as it stands. */
  readonly state: 'queued' | 'running' | 'refused' | 'failed'
  /** why it does not run, where there is a reason besides that others do */
  readonly reason?: string | undefined
  /** of a refusal: the numbers */
  readonly noRoom?: SelfStremeError['details']
}

interface Run {
  readonly stop: AbortController
  /** of all its files, and since when it has been so many; epoch ms */
  bytes: number
  since: number
}

/** The tries to make one wish come true. All times are epoch ms. */
export class Attempt {
  #progress: Progress = { state: 'queued' }
  #failures = 0
  #nextTryAt = 0
  #run: Run | undefined
  /** the last try */
  ended: Promise<void> = Promise.resolve()

  get progress(): Progress {
    return this.#progress
  }

  get failures(): number {
    return this.#failures
  }

  get isRunning(): boolean {
    return this.#run !== undefined
  }

  isDue(now: number): boolean {
    return !this.#run && this.#nextTryAt <= now
  }

  /** A try begins. @returns aborts when it is to end */
  begin(now: number): AbortSignal {
    const stop = new AbortController()
    this.#run = { stop, bytes: 0, since: now }
    // A refusal stands until it is known that there is room.
    if (this.#progress.state !== 'refused') this.#progress = { state: 'running' }
    return stop.signal
  }

  /** There is room for it, and a swarm. */
  noteFetching(): void {
    this.#progress = { state: 'running' }
  }

  /** @returns since when nothing has come */
  noteBytes(bytes: number, now: number): number {
    if (!this.#run) return now
    if (bytes !== this.#run.bytes) Object.assign(this.#run, { bytes, since: now })
    return this.#run.since
  }

  /** Ends the try before it is over, for others to have their turn. */
  giveWay(reason: string, nextTryAt: number): void {
    this.#progress = { state: 'queued', reason }
    this.#nextTryAt = nextTryAt
    this.stop()
  }

  /** There may be more room than there was. */
  noteRoom(): void {
    if (this.#progress.state === 'refused') this.#nextTryAt = 0
  }

  stop(): void {
    this.#run?.stop.abort()
  }

  /** The try is over. */
  end(): void {
    this.#run = undefined
  }

  /** @returns whether that is news */
  fail(error: unknown, now: number): boolean {
    const code = error instanceof SelfStremeError ? error.code : undefined
    const reason = messageOf(error)
    const isNews = this.#progress.reason !== reason
    switch (code) {
      case 'cache.no_room':
        this.#progress = { state: 'refused', reason, noRoom: (error as SelfStremeError).details }
        this.#nextTryAt = now + NO_ROOM_PAUSE_MS
        break
      case 'wish.impossible':
      case 'torrent.invalid':
        this.#progress = { state: 'failed', reason }
        this.#nextTryAt = Number.POSITIVE_INFINITY
        break
      case 'torrent.busy':
        this.#progress = { state: 'queued', reason }
        this.#nextTryAt = now + BUSY_PAUSE_MS
        break
      default:
        this.#progress = { state: 'queued', reason }
        this.#nextTryAt = now + Math.min(PAUSE_MS.first * 2 ** this.#failures++, PAUSE_MS.longest)
    }
    return isNews
  }
}
