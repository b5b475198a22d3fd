import type { Found } from '../domain/candidate.ts'
import type { VideoId } from '../domain/video-id.ts'

/** Somewhere that ways to watch a film come from. */
export interface Source {
  /** for the log and for people; no two sources have the same, and it tells no secret */
  readonly name: string
  /** `local`: at hand, so its answers are not kept; `addon`: asks others on its part, which may ask us */
  readonly kind: 'local' | 'indexer' | 'addon'
  /**
   * What there is for a film or an episode; an empty list where there is nothing. Whoever calls trusts it with neither
   * time nor amount: see `watched-source.ts`.
   */
  find(video: VideoId, signal: AbortSignal): Promise<readonly Found[]>
}
