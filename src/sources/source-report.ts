import type { Found } from '../domain/list/candidate.ts'
import type { DroppedRow } from './source.ts'

/** What became of asking one source. Times are epoch ms, and of the asking that the answer comes from. */
export interface SourceReport {
  readonly source: string
  /**
   * `answered`, now; `kept`, a while ago; `stale`, a long while ago, and asked again meanwhile if that makes sense;
   * `late`, not by now, perhaps by the next time; `failed`; `paused`, it failed too often; `busy`, it is asked too much
   * already; `skipped`, not asked
   */
  readonly outcome: 'answered' | 'kept' | 'stale' | 'late' | 'failed' | 'paused' | 'busy' | 'skipped'
  readonly found: number
  readonly askedAt?: number
  readonly answeredAt?: number
  /** the first of the rows that were left out; absent where there are none */
  readonly dropped?: readonly DroppedRow[]
  /** what went wrong, or why it was not asked */
  readonly why?: string
}

export interface SourceAnswer {
  readonly found: readonly Found[]
  readonly report: SourceReport
}
