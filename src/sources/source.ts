import type { Candidate } from '../domain/candidate.ts'
import type { VideoId } from '../domain/video-id.ts'

/** Somewhere that ways to watch a film come from. */
export interface Source {
  /** for the log */
  readonly name: string
  /** What there is for a film or an episode; an empty list where there is nothing. */
  find(video: VideoId, signal: AbortSignal): Promise<readonly Candidate[]>
}
