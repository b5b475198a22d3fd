import type { Found } from '../domain/list/candidate.ts'
import type { DroppedRow } from './source.ts'

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
