import { type Candidate, mergeCandidates } from '../domain/candidate.ts'
import { messageOf } from '../domain/errors.ts'
import type { VideoId } from '../domain/video-id.ts'
import type { Log } from '../observe/log.ts'
import type { Source } from './source.ts'

export type Search = (video: VideoId, signal: AbortSignal) => Promise<Candidate[]>

/** Asks all sources at once. One that fails gives a shorter list and a warning; the viewer still gets the others. */
export function createSearch(sources: readonly Source[], log: Log): Search {
  return async (video, signal) => {
    const answers = await Promise.allSettled(sources.map((source) => source.find(video, signal)))
    const found = answers.flatMap((answer, index) => {
      if (answer.status === 'fulfilled') return answer.value
      log.warn('a source failed', { source: sources[index]?.name, reason: messageOf(answer.reason) })
      return []
    })
    return mergeCandidates(found)
  }
}
