import { setImmediate as nextTurn } from 'node:timers/promises'
import type { LRUCache } from 'lru-cache'
import { type Found, mergeCandidates } from '../domain/candidate.ts'
import { Deadline } from '../domain/deadline.ts'
import { messageOf, SelfStremeError } from '../domain/errors.ts'
import { redactSecrets } from '../domain/redact.ts'
import { releaseOf } from '../domain/release-of.ts'
import { untilAborted } from '../domain/until-aborted.ts'
import { type VideoId, writeVideoId } from '../domain/video-id.ts'
import type { Log } from '../observe/log.ts'
import { createCircuitBreaker } from './circuit-breaker.ts'
import { ageOf, type KeptAnswer } from './kept-answer.ts'
import type { Source } from './source.ts'

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
  /** what went wrong, or why it was not asked */
  readonly why?: string
}

export interface SourceAnswer {
  readonly found: readonly Found[]
  readonly report: SourceReport
}

export interface WatchedSource {
  readonly kind: Source['kind']
  readonly name: string
  /** @param over - when waiting has an end; answers then at the latest, and never throws */
  ask(video: VideoId, over: AbortSignal): Promise<SourceAnswer>
}

export interface Watch {
  /** answers of all sources */
  readonly kept: LRUCache<string, KeptAnswer>
  /** longest that lists wait for an answer, from when it was asked for */
  readonly patienceMs: number
  /** longest that a source may work on an answer which nobody waits for any more */
  readonly lateMs: number
  readonly now: () => number
  readonly closing: AbortSignal
}

interface Flight {
  readonly askedAt: number
  readonly landed: Promise<KeptAnswer>
}

/** Why there is no flight. */
type Refusal = Required<Pick<SourceReport, 'outcome' | 'why'>>

/** The most that one source is asked at a time. */
const MOST_FLIGHTS = 16
/** The most of an answer that is looked at, and the most that is kept of it. */
const MOST_LOOKED_AT = 5_000
const MOST_FOUND = 500
const MOST_WORDS = 300
const NAMES_AT_A_TIME = 20

/**
 * A source with all that stands between it and the list: it is asked once for all who want the same, its answers are
 * kept, one that comes late is there the next time, and one that fails, hangs or never stops talking harms nobody.
 */
export function watchSource(
  source: Source,
  { kept, patienceMs, lateMs, now, closing }: Watch,
  log: Log,
): WatchedSource {
  const { name, kind } = source
  const breaker = createCircuitBreaker()
  const flights = new Map<string | symbol, Flight>()
  let lastFailure = ''

  async function ask(video: VideoId, over: AbortSignal): Promise<SourceAnswer> {
    const key = `${name}\n${video.kind}\n${writeVideoId(video)}`
    const before = kind === 'local' ? undefined : kept.get(key)
    const age = ageOf(before, now())
    if (before && age === 'fresh') return answerOf(before, 'kept')
    if (before && age === 'failing') return answerOf(before, before.found ? 'stale' : 'failed')

    const flight = flights.get(key) ?? begin(key, video)
    if (before?.found && age === 'stale') return answerOf(before, 'stale')
    if ('why' in flight) return nothing(flight)
    // Some list has waited for it in vain; those behind it do not begin to wait anew.
    if (now() - flight.askedAt >= patienceMs) return nothing({ outcome: 'late', askedAt: flight.askedAt })
    try {
      const answer = await untilAborted(flight.landed, over)
      return answerOf(answer, answer.found ? 'answered' : 'failed')
    } catch {
      return nothing({ outcome: 'late', askedAt: flight.askedAt })
    }
  }

  function begin(key: string, video: VideoId): Flight | Refusal {
    if (flights.size >= MOST_FLIGHTS)
      return { outcome: 'busy', why: `it is asked ${MOST_FLIGHTS} things already` }
    if (kind !== 'local' && !breaker.pass(now())) return { outcome: 'paused', why: lastFailure }
    // What is at hand may change any moment: nobody gets an answer that was begun before they asked.
    const slot = kind === 'local' ? Symbol(key) : key
    const askedAt = now()
    const landed = fly(video, askedAt).then((answer) => {
      flights.delete(slot)
      if (!closing.aborted) note(key, answer)
      return answer
    })
    const flight = { askedAt, landed }
    flights.set(slot, flight)
    return flight
  }

  /** Never fails: a failure is an answer as well. */
  async function fly(video: VideoId, askedAt: number): Promise<KeptAnswer> {
    using deadline = new Deadline(lateMs)
    const signal = AbortSignal.any([closing, deadline.signal])
    try {
      const asked = (async () => bounded(await source.find(video, signal)))()
      const found = (await untilAborted(asked, signal)).map((each) => ({ ...each, foundBy: [name] }))
      await readNames(found)
      return { askedAt, answeredAt: now(), found }
    } catch (error) {
      const why = deadline.isPassed ? `no answer within ${lateMs} ms` : redactSecrets(messageOf(error))
      return { askedAt, answeredAt: now(), failure: { at: now(), why: why.slice(0, MOST_WORDS) } }
    }
  }

  function note(key: string, answer: KeptAnswer): void {
    const { failure } = answer
    if (failure) log.warn('a source failed', { source: name, reason: failure.why })
    lastFailure = failure?.why ?? lastFailure
    if (kind === 'local') return
    kept.set(key, failure ? { ...(kept.get(key) ?? answer), failure } : answer)
    if (!failure) return breaker.succeeded()
    const pauseMs = breaker.failed(now())
    if (pauseMs !== undefined) log.warn('a source is left in peace for a while', { source: name, pauseMs })
  }

  function answerOf(answer: KeptAnswer, outcome: SourceReport['outcome']): SourceAnswer {
    const { found = [], askedAt, answeredAt, failure } = answer
    const why = failure === undefined ? {} : { why: failure.why }
    return { found, report: { source: name, outcome, found: found.length, askedAt, answeredAt, ...why } }
  }

  function nothing(report: Pick<SourceReport, 'outcome' | 'askedAt' | 'why'>): SourceAnswer {
    return { found: [], report: { source: name, found: 0, ...report } }
  }

  return { kind, name, ask }
}

/** Reads the names while others are still being waited for, and so that nobody who is served meanwhile has to wait. */
async function readNames(found: readonly Found[]): Promise<void> {
  for (const [at, each] of found.entries()) {
    if (at % NAMES_AT_A_TIME === NAMES_AT_A_TIME - 1) await nextTurn()
    releaseOf(each)
  }
}

function bounded(answer: readonly Found[]): Found[] {
  if (!Array.isArray(answer)) throw new SelfStremeError('source.bad_answer', 'it answered with no list')
  return mergeCandidates(answer.slice(0, MOST_LOOKED_AT) as Found[]).slice(0, MOST_FOUND)
}
