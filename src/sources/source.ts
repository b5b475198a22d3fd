import type { Found } from '../domain/list/candidate.ts'
import type { VideoId } from '../domain/video-id.ts'

/** A row of an answer that is not what was asked for. */
export interface DroppedRow {
  readonly name: string
  /** for a person to read */
  readonly why: string
}

export interface FindOptions {
  /** called for each row that is left out */
  drop?(row: DroppedRow): void
  /** answer from caches only */
  readonly onlyKnown: boolean
}

/** A provider of candidates. */
export interface Source {
  /** for logs and people; unique, and not secret */
  readonly name: string
  /** `local`: on this machine, so answers are not cached; `addon`: asks further servers, possibly us */
  readonly kind: 'local' | 'indexer' | 'addon'
  /** Whether the source may know the id; if not, it is not asked. Absent = any id. */
  knows?(video: VideoId): boolean
  /**
   * The candidates for a film or an episode; empty if there are none. Callers must bound time and size: see
   * `watched-source.ts`.
   */
  find(video: VideoId, signal: AbortSignal, options?: FindOptions): Promise<readonly Found[]>
}

/** The result of asking one source. Times are epoch ms, of the request that the answer comes from. */
export interface SourceReport {
  readonly source: string
  /**
   * `answered`, just now; `kept`, from the cache; `stale`, from the cache and expired, being refreshed unless the
   * source fails; `late`, no answer in time; `failed`; `paused` after repeated failures; `busy`, too many requests;
   * `skipped`, not asked
   */
  readonly outcome: 'answered' | 'kept' | 'stale' | 'late' | 'failed' | 'paused' | 'busy' | 'skipped'
  readonly found: number
  readonly askedAt?: number
  readonly answeredAt?: number
  /** the first rows that were left out; absent if there are none */
  readonly dropped?: readonly DroppedRow[]
  /** the error, or why the source was not asked */
  readonly why?: string
}

export interface SourceAnswer {
  readonly found: readonly Found[]
  readonly report: SourceReport
}
