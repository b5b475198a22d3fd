import type { Found } from '../domain/list/candidate.ts'
import type { VideoId } from '../domain/video-id.ts'

/** Something that a source was answered with, and that is not what was asked for. */
export interface DroppedRow {
  readonly name: string
  /** in words, for a person */
  readonly why: string
}

export interface FindOptions {
  /** called for what is left out */
  drop?(row: DroppedRow): void
  /** ask nobody for what is not known already */
  readonly onlyKnown: boolean
}

/** Somewhere that ways to watch a film come from. */
export interface Source {
  /** for the log and for people; no two sources have the same, and it tells no secret */
  readonly name: string
  /** `local`: at hand, so its answers are not kept; `addon`: asks others on its part, which may ask us */
  readonly kind: 'local' | 'indexer' | 'addon'
  /** Whether it may know the id at all; it is not asked for others. Absent = any. */
  knows?(video: VideoId): boolean
  /**
   * What there is for a film or an episode; an empty list where there is nothing. Whoever calls trusts it with neither
   * time nor amount: see `watched-source.ts`.
   */
  find(video: VideoId, signal: AbortSignal, options?: FindOptions): Promise<readonly Found[]>
}
