import { messageOf, SelfStremeError } from '../domain/errors.ts'
import { type Found, mergeCandidates } from '../domain/list/candidate.ts'
import { releaseOf } from '../domain/list/release-of.ts'
import type { VideoId } from '../domain/video-id.ts'
import { Deadline } from '../lib/deadline.ts'
import { inTurns, type Work } from '../lib/in-turns.ts'
import { redactSecrets } from '../lib/redact.ts'
import { untilAborted } from '../lib/until-aborted.ts'
import type { CachedAnswer } from './cached-answer.ts'
import type { DroppedRow, Source } from './source.ts'

/** Rows of one answer that are looked at, and candidates that are kept of it. */
const MAX_EXAMINED = 5_000
const MAX_FOUND = 500
/** Characters of an error message that are kept. */
const MAX_REASON = 300
const MAX_DROPPED = 100

export interface AskSourceOptions {
  /** longest that the source may take, in ms */
  readonly lateMs: number
  readonly now: () => number
  readonly closing: AbortSignal
}

export interface SourceRequest {
  readonly video: VideoId
  /** epoch ms */
  readonly askedAt: number
  readonly onlyKnown: boolean
}

/** Asks a source once, with limits on time and amount. A failure is an answer as well: this never rejects. */
export async function askSource(
  source: Source,
  { video, askedAt, onlyKnown }: SourceRequest,
  { lateMs, now, closing }: AskSourceOptions,
): Promise<CachedAnswer> {
  using deadline = new Deadline(lateMs)
  const signal = AbortSignal.any([closing, deadline.signal])
  try {
    const dropped: DroppedRow[] = []
    const drop = (row: DroppedRow) => {
      if (dropped.length < MAX_DROPPED) dropped.push(row)
    }
    const asked = (async () => bounded(await source.find(video, signal, { onlyKnown, drop })))()
    const found = (await untilAborted(asked, signal)).map((each) => ({ ...each, foundBy: [source.name] }))
    await inTurns(readNames(found))
    return { askedAt, answeredAt: now(), found, ...(dropped.length > 0 ? { dropped } : {}) }
  } catch (error) {
    const why = deadline.isPassed ? `no answer within ${lateMs} ms` : redactSecrets(messageOf(error))
    const isOfId = error instanceof SelfStremeError && error.code === 'source.unknown_id'
    const failure = { at: now(), why: why.slice(0, MAX_REASON), isOfId }
    return { askedAt, answeredAt: now(), failure }
  }
}

/** Reads the names while other sources are still waited for, a bit at a time so that other requests do not wait. */
function* readNames(found: readonly Found[]): Work<void> {
  for (const each of found) {
    releaseOf(each)
    yield
  }
}

function bounded(answer: readonly Found[]): Found[] {
  if (!Array.isArray(answer)) throw new SelfStremeError('source.bad_answer', 'it answered with no list')
  return mergeCandidates(answer.slice(0, MAX_EXAMINED) as Found[]).slice(0, MAX_FOUND)
}
