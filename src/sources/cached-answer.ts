import type { Found } from '../domain/list/candidate.ts'
import type { DroppedRow } from './source.ts'

/** The last answer of a source to a question, and the last failure. Times are epoch ms. */
export interface CachedAnswer {
  readonly askedAt: number
  readonly answeredAt: number
  /** absent if the source has only failed so far */
  readonly found?: readonly Found[]
  readonly dropped?: readonly DroppedRow[]
  /** present if the last request failed */
  readonly failure?: {
    readonly at: number
    readonly why: string
    /** the failure concerns the id, not the source */
    readonly isOfId: boolean
  }
}

const MINUTE = 60_000
const FRESH_MS = 10 * MINUTE
/** New torrents may appear any minute. */
const EMPTY_FRESH_MS = MINUTE
const FAILURE_MS = MINUTE / 2
const STALE_MS = 24 * 60 * MINUTE

/**
 * How usable a cached answer is: `fresh`, use it; `stale`, use it and fetch a new one; `failing`, use it if there is
 * one, and do not ask again yet; `gone`, ask.
 */
export function ageOf(cached: CachedAnswer | undefined, now: number): 'fresh' | 'stale' | 'failing' | 'gone' {
  if (!cached) return 'gone'
  const { found, failure, answeredAt } = cached
  if (failure && now - failure.at < FAILURE_MS) return 'failing'
  if (!found) return 'gone'
  const age = now - answeredAt
  if (!failure && age < (found.length > 0 ? FRESH_MS : EMPTY_FRESH_MS)) return 'fresh'
  return age < STALE_MS ? 'stale' : 'gone'
}
