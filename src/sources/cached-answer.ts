import type { Found } from '../domain/list/candidate.ts'
import type { DroppedRow } from './source.ts'

/** What a source said to one question, and how asking it again went. Times are epoch ms. */
export interface KeptAnswer {
  readonly askedAt: number
  readonly answeredAt: number
  /** absent if it has only failed so far */
  readonly found?: readonly Found[]
  readonly dropped?: readonly DroppedRow[]
  /** the last time it was asked it failed */
  readonly failure?: {
    readonly at: number
    readonly why: string
    /** it says something about what was asked for, and nothing about the source */
    readonly isOfId: boolean
  }
}

const MINUTE = 60_000
const FRESH_MS = 10 * MINUTE
/** Something new may be there any minute. */
const EMPTY_FRESH_MS = MINUTE
const FAILURE_MS = MINUTE / 2
const STALE_MS = 24 * 60 * MINUTE

/**
 * What an answer is good for: `fresh`, good as it is; `stale`, good while a new one is fetched; `failing`, asking again
 * at once would be in vain, an old answer may be there; `gone`, nothing.
 */
export function ageOf(kept: KeptAnswer | undefined, now: number): 'fresh' | 'stale' | 'failing' | 'gone' {
  if (!kept) return 'gone'
  const { found, failure, answeredAt } = kept
  if (failure && now - failure.at < FAILURE_MS) return 'failing'
  if (!found) return 'gone'
  const age = now - answeredAt
  if (!failure && age < (found.length > 0 ? FRESH_MS : EMPTY_FRESH_MS)) return 'fresh'
  return age < STALE_MS ? 'stale' : 'gone'
}
