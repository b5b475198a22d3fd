import type { Need } from '../cleanup/fits.ts'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { FileChoice } from '../domain/choice/file-choice.ts'
import type { Portion } from '../torrents/fetching/file-part.ts'

/** The first of a list, the episode after the one that is watched, or all of what is watched. */
export type Why = 'first' | 'next' | 'all'

/** A file that somebody may want. */
export interface Target {
  readonly infoHash: InfoHash
  /** asked besides the configured ones */
  readonly trackers: readonly string[]
  readonly choice: FileChoice
}

/**
 * - `looking`: for peers, or for one who knows the metadata
 * - `fetching`: it comes, while no viewer needs the bandwidth
 * - `waiting`: for what `reason` says
 * - `done`: all that is wanted of it is there
 * - `failed`: it cannot be had
 */
export type JobState = 'looking' | 'fetching' | 'waiting' | 'done' | 'failed'

/** One file that is fetched before anybody asks for it, as people and programs are told of it. */
export interface Predownload {
  readonly infoHash: InfoHash
  /** counted over all files of the torrent from 0; absent while the metadata is not known */
  readonly fileIdx?: number | undefined
  /** of the file; of the torrent nothing is known before its metadata */
  readonly name?: string | undefined
  readonly why: Why
  readonly state: JobState
  /** in words, where the state alone does not say it */
  readonly reason?: string | undefined
  /** counted in whole pieces; absent while the metadata is not known */
  readonly bytesWanted?: number | undefined
  readonly bytesThere?: number | undefined
  /** ISO 8601 */
  readonly beganAt: string
}

/** What has become of fetching a file ahead. */
export class Job {
  readonly why: Why
  readonly target: Target
  readonly ended: Promise<void>
  readonly #beganAt: number
  readonly #stop = new AbortController()
  #state: JobState = 'looking'
  #reason: string | undefined
  #file: { readonly fileIdx: number; readonly name: string } | undefined
  #portion: Portion | undefined
  #need: Need | undefined
  /** what the log has said of it */
  readonly #said = new Set<string>()

  /** @param work - what is done for it, until it is stopped; does not reject. @param now - epoch ms */
  constructor(
    why: Why,
    target: Target,
    work: (job: Job, stopped: AbortSignal) => Promise<void>,
    now: number,
  ) {
    this.why = why
    this.target = target
    this.#beganAt = now
    this.ended = work(this, this.#stop.signal)
  }

  get isDone(): boolean {
    return this.#state === 'done'
  }

  get hasFailed(): boolean {
    return this.#state === 'failed'
  }

  /** What is still to come of it, as long as it is being fetched; bytes. */
  get owedBytes(): number {
    return this.#state === 'fetching' ? (this.#need?.missingBytes ?? 0) : 0
  }

  get hasFile(): boolean {
    return this.#file !== undefined
  }

  /** What of it is being fetched just now. */
  get portion(): Portion | undefined {
    return this.#state === 'fetching' ? this.#portion : undefined
  }

  stop(): void {
    this.#stop.abort()
  }

  set(state: JobState, reason?: string): void {
    this.#state = state
    this.#reason = reason
  }

  /** @returns whether that is said for the first time: tries are many where others are in the way */
  isNews(what: string): boolean {
    const isNew = !this.#said.has(what)
    this.#said.add(what)
    return isNew
  }

  noteFile(fileIdx: number, name: string): void {
    this.#file = { fileIdx, name }
  }

  noteWanted(portion: Portion, need: Need): void {
    this.#portion = portion
    this.#need = need
  }

  describe(): Predownload {
    return {
      infoHash: this.target.infoHash,
      fileIdx: this.#file?.fileIdx,
      name: this.#file?.name,
      why: this.why,
      state: this.#state,
      reason: this.#reason,
      bytesWanted: this.#need?.bytes,
      bytesThere: this.#need && this.#need.bytes - this.#need.missingBytes,
      beganAt: new Date(this.#beganAt).toISOString(),
    }
  }
}
