import type { Need } from '../cleanup/fits.ts'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import { messageOf, SelfStremeError } from '../domain/errors.ts'
import { pauseAfter } from '../lib/back-off.ts'
import type { Portion } from '../torrents/fetching/file-part.ts'

/** Something to download of one torrent. The queue takes it up when its turn comes. */
export interface Proposal {
  /** stays the same for as long as the same thing is proposed */
  readonly id: string
  readonly infoHash: InfoHash
  /** in addition to the configured ones */
  readonly trackers: readonly string[]
  /** `wanted`: the owner added it. `guessed`: not requested; it gives way to everything else, and evicts nothing. */
  readonly priority: 'wanted' | 'guessed'
  /** epoch ms */
  readonly addedAt: number
  /** fields for its log lines */
  readonly about?: Readonly<Record<string, unknown>>
  /** Whether nothing has to be fetched at all. */
  isThere?(signal: AbortSignal): Promise<boolean>
  /**
   * @returns what to fetch, and its name for the log
   * @throws SelfStremeError if the torrent does not have it
   */
  choose(info: TorrentInfo): { readonly name: string; readonly portion: Portion }
  /** How much of it is missing, or of what was chosen; `undefined` while the metadata is not known. */
  needOf(chosen: Portion | undefined): Promise<Need | undefined>
  noteFetched(): Promise<void> | void
}

/**
 * - `queued`: waits for its turn or its next attempt
 * - `looking`: for peers, or for the metadata
 * - `fetching`
 * - `refused`: does not fit; tried again
 * - `done`
 * - `failed`: not tried again
 */
export interface Progress {
  readonly state: 'queued' | 'looking' | 'fetching' | 'refused' | 'done' | 'failed'
  /** why it is not being fetched, where the state alone does not say it */
  readonly reason?: string | undefined
  /** of a refusal: the numbers */
  readonly noRoom?: SelfStremeError['details']
}

/** Pauses between attempts, ms. */
const RETRY_MS = {
  /** a viewer took the torrent's slot, which may be free again at any time */
  busy: 5_000,
  /** other programs may make room, too */
  noRoom: 15_000,
  /** without peers: doubled after each attempt, up to `max` */
  first: 30_000,
  max: 30 * 60_000,
}

/** An entry of the queue: one method for each event, {@link Progress} for the state. All times are epoch ms. */
export class Download {
  readonly proposal: Proposal
  /** of what is fetched, as soon as that is known */
  name: string | undefined
  portion: Portion | undefined
  /** when fetching began, or ended */
  need: Need | undefined
  /** resolves when the last attempt has ended */
  ended: Promise<void> = Promise.resolve()
  isAnnounced = false
  #progress: Progress = { state: 'queued' }
  #attempt: { readonly stop: AbortController; bytes: number; since: number } | undefined
  #lastReason: string | undefined
  #failures = 0
  #retryAt = 0

  constructor(proposal: Proposal) {
    this.proposal = proposal
  }

  get progress(): Progress {
    return this.#progress
  }

  /** attempts that found no peer */
  get failures(): number {
    return this.#failures
  }

  /** when it may be tried again: infinite for what is done or has failed */
  get retryAt(): number {
    return this.#retryAt
  }

  get isGuess(): boolean {
    return this.proposal.priority === 'guessed'
  }

  get isRunning(): boolean {
    return this.#attempt !== undefined
  }

  /** An attempt begins. @returns aborts when it is to stop */
  begin(now: number): AbortSignal {
    const stop = new AbortController()
    this.#attempt = { stop, bytes: 0, since: now }
    // A refusal stands until it is known that there is room.
    if (this.#progress.state !== 'refused') this.#progress = { state: 'looking' }
    return stop.signal
  }

  fetch(): void {
    this.#progress = { state: 'fetching' }
  }

  finish(): void {
    this.#set({ state: 'done' }, Number.POSITIVE_INFINITY)
  }

  /**
   * @param isRemoved - its data was removed meanwhile. A guess that was evicted would only be in the way again.
   * @returns whether that is news, and not the reason of the last attempt
   */
  fail(error: unknown, now: number, isRemoved: boolean): boolean {
    const reason = messageOf(error)
    const isNews = reason !== this.#lastReason
    this.#lastReason = reason
    const ours = error instanceof SelfStremeError ? error : undefined
    const code = ours?.code
    if (code === 'cache.no_room')
      this.#set({ state: 'refused', reason, noRoom: ours?.details }, now + RETRY_MS.noRoom)
    else if (code === 'torrent.busy' && !(this.isGuess && isRemoved))
      this.#set({ state: 'queued', reason }, now + RETRY_MS.busy)
    else if (this.isGuess || code === 'wish.impossible' || code === 'torrent.invalid')
      this.#set({ state: 'failed', reason }, Number.POSITIVE_INFINITY)
    else {
      this.#failures++
      this.#set({ state: 'queued', reason }, now + pauseAfter(this.#failures, RETRY_MS))
    }
    return isNews
  }

  /** Ends the attempt early so that others get their turn. */
  giveWay(reason: string, retryAt: number): void {
    this.stop()
    this.#set({ state: 'queued', reason }, retryAt)
  }

  /** There may be more room than before. */
  noteRoom(): void {
    if (this.#progress.state === 'refused') this.#retryAt = 0
  }

  /** @param bytes - on disk. @returns for how long that has not changed, ms */
  stalledMs(bytes: number, now: number): number {
    if (!this.#attempt) return 0
    if (bytes !== this.#attempt.bytes) Object.assign(this.#attempt, { bytes, since: now })
    return now - this.#attempt.since
  }

  stop(): void {
    this.#attempt?.stop.abort()
  }

  /** The attempt has ended, also after {@link finish} or {@link fail}. */
  end(): void {
    this.#attempt = undefined
    const { state } = this.#progress
    if (state === 'looking' || state === 'fetching') this.#progress = { state: 'queued' }
  }

  #set(progress: Progress, retryAt: number): void {
    this.#progress = progress
    this.#retryAt = retryAt
  }
}
