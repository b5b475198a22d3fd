import { LRUCache } from 'lru-cache'
import { messageOf, SelfStremeError } from '../domain/errors.ts'
import { type Found, mergeCandidates } from '../domain/list/candidate.ts'
import { releaseOf } from '../domain/list/release-of.ts'
import { type VideoId, writeVideoId } from '../domain/video-id.ts'
import { Deadline } from '../lib/deadline.ts'
import { heapBytes } from '../lib/heap-bytes.ts'
import { inTurns, type Work } from '../lib/in-turns.ts'
import { redactSecrets } from '../lib/redact.ts'
import { untilAborted } from '../lib/until-aborted.ts'
import type { Log } from '../observe/log.ts'
import { ageOf, type CachedAnswer } from './cached-answer.ts'
import { ClientPauses } from './client-pauses.ts'
import { FairPlaces } from './fair-places.ts'
import type { DroppedRow, Source } from './source.ts'
import type { SourceAnswer, SourceReport } from './source-report.ts'

/** On whose behalf a source is asked. */
export interface SourceAsker {
  /** who shares the source with others; the server's own work is a client as well */
  readonly client: string
  /** nothing is asked for it that is not known already */
  readonly onlyKnown: boolean
}

export interface WatchedSource {
  readonly kind: Source['kind']
  readonly name: string
  /** @param over - when waiting has an end; answers then at the latest, and never throws */
  ask(video: VideoId, over: AbortSignal, asker: SourceAsker): Promise<SourceAnswer>
}

export interface Watch {
  /** what all answers that are kept of one source may weigh */
  readonly keptBytes: number
  /** longest that lists wait for an answer, from when it was asked for */
  readonly patienceMs: number
  /** longest that a source may work on an answer which nobody waits for any more */
  readonly lateMs: number
  readonly now: () => number
  readonly closing: AbortSignal
}

/** A question to the source: it waits for a place, then it is under way. */
interface Flight {
  readonly slot: string | symbol
  readonly key: string
  readonly video: VideoId
  readonly landing: PromiseWithResolvers<CachedAnswer>
  /** clients that wait for a place for it */
  readonly waiting: Map<string, Promise<Refusal | undefined>>
  isUnderWay: boolean
  askedAt: number
}

/** Why a client gets no answer. */
type Refusal = Required<Pick<SourceReport, 'outcome' | 'why'>>

/** The most that one source is asked at a time, and the most for one client. */
const PLACES = { most: 16, perClient: 4, mostWaiting: 200 }
/** The most of an answer that is looked at, and the most that is kept of it. */
const MAX_EXAMINED = 5_000
const MAX_FOUND = 500
const MAX_WORDS = 300
const MAX_DROPPED = 100
const SAID_AGAIN_AFTER_MS = 60_000

const BUSY: Refusal = { outcome: 'busy', why: 'it is asked too much already' }
const TOO_MANY: Refusal = { outcome: 'busy', why: 'this client asks for too many titles' }
const NO_SUCH_ID: Refusal = { outcome: 'skipped', why: 'it knows no ids of this kind' }

/**
 * A source with all that stands between it and the list: it is asked once for all who want the same, its answers are
 * kept, one that comes late is there the next time, and one that fails, hangs or never stops talking harms nobody.
 *
 * Clients share it: none takes all of its places, and what fails for one of them makes it pause for that one only.
 */
export function watchSource(
  source: Source,
  { keptBytes, patienceMs, lateMs, now, closing }: Watch,
  log: Log,
): WatchedSource {
  const { name, kind } = source
  const places = new FairPlaces(PLACES)
  const flights = new Map<string | symbol, Flight>()
  const pauses = new ClientPauses()
  const kept = new LRUCache<string, CachedAnswer>({
    maxSize: keptBytes,
    sizeCalculation: (answer, key) => heapBytes([key, answer]),
  })
  let lastSaidAt = Number.NEGATIVE_INFINITY
  let unsaid = 0

  async function ask(
    video: VideoId,
    over: AbortSignal,
    { client, onlyKnown }: SourceAsker,
  ): Promise<SourceAnswer> {
    const key = `${video.kind}\n${writeVideoId(video)}`
    const before = kind === 'local' ? undefined : kept.get(key)
    const age = ageOf(before, now())
    if (before && age === 'fresh') return answerOf(before, 'kept')
    if (before && age === 'failing') return answerOf(before, before.found ? 'stale' : 'failed')
    const isStale = before?.found && age === 'stale'
    if (source.knows?.(video) === false) return nothing(NO_SUCH_ID)
    // It would begin a question that waits for a place, and knows less to ask with: others would get the answer.
    if (onlyKnown && kind !== 'local' && !flights.get(key)?.isUnderWay)
      return isStale ? answerOf(before, 'stale') : nothing(TOO_MANY)

    const flight = flights.get(key) ?? open(key, video)
    const boarded = board(flight, client, onlyKnown)
    if (isStale) return answerOf(before, 'stale')
    // Some list has waited for it in vain; those behind it do not begin to wait anew.
    if (flight.isUnderWay && now() - flight.askedAt >= patienceMs) return late(flight)
    try {
      // Another client may find a place for the same question earlier.
      const landed = flight.landing.promise.then(() => undefined)
      const refusal = await untilAborted(Promise.race([boarded, landed]), over)
      if (refusal) return nothing(refusal)
      const answer = await untilAborted(flight.landing.promise, over)
      return answerOf(answer, answer.found ? 'answered' : 'failed')
    } catch {
      return flight.isUnderWay ? late(flight) : nothing(BUSY)
    }
  }

  function open(key: string, video: VideoId): Flight {
    // What is at hand may change any moment: nobody gets an answer that was begun before they asked.
    const slot = kind === 'local' ? Symbol(key) : key
    const landing = Promise.withResolvers<CachedAnswer>()
    const flight = { slot, key, video, landing, waiting: new Map(), isUnderWay: false, askedAt: now() }
    flights.set(slot, flight)
    return flight
  }

  /** Finds a place for a question, among those of one more client that has it. */
  function board(flight: Flight, client: string, onlyKnown: boolean): Promise<Refusal | undefined> {
    if (flight.isUnderWay) return Promise.resolve(undefined)
    const waiting = flight.waiting.get(client)
    if (waiting !== undefined) return waiting
    const place = places.take(client)
    if (place) return Promise.resolve(begin(flight, client, onlyKnown, place))
    const boarded = waitForPlace(client).then((later) => {
      flight.waiting.delete(client)
      return begin(flight, client, onlyKnown, later)
    })
    flight.waiting.set(client, boarded)
    return boarded
  }

  async function waitForPlace(client: string): Promise<Disposable | undefined> {
    using deadline = new Deadline(patienceMs)
    return await places.wait(client, AbortSignal.any([closing, deadline.signal]))
  }

  function begin(
    flight: Flight,
    client: string,
    onlyKnown: boolean,
    place: Disposable | undefined,
  ): Refusal | undefined {
    const { slot, video, waiting, landing } = flight
    const refusal = place ? pauseOf(client) : BUSY
    if (flight.isUnderWay || refusal || !place) {
      place?.[Symbol.dispose]()
      if (flight.isUnderWay) return undefined
      if (waiting.size === 0) flights.delete(slot)
      return refusal
    }
    flight.isUnderWay = true
    flight.askedAt = now()
    void fly(video, flight.askedAt, onlyKnown).then((answer) => {
      place[Symbol.dispose]()
      flights.delete(slot)
      if (!closing.aborted) note(flight, client, answer)
      landing.resolve(answer)
    })
    return undefined
  }

  function pauseOf(client: string): Refusal | undefined {
    const why = kind === 'local' ? undefined : pauses.why(client, now())
    return why === undefined ? undefined : { outcome: 'paused', why }
  }

  /** Never fails: a failure is an answer as well. */
  async function fly(video: VideoId, askedAt: number, onlyKnown: boolean): Promise<CachedAnswer> {
    using deadline = new Deadline(lateMs)
    const signal = AbortSignal.any([closing, deadline.signal])
    try {
      const dropped: DroppedRow[] = []
      const drop = (row: DroppedRow) => {
        if (dropped.length < MAX_DROPPED) dropped.push(row)
      }
      const asked = (async () => bounded(await source.find(video, signal, { onlyKnown, drop })))()
      const found = (await untilAborted(asked, signal)).map((each) => ({ ...each, foundBy: [name] }))
      await inTurns(readNames(found))
      return { askedAt, answeredAt: now(), found, ...(dropped.length > 0 ? { dropped } : {}) }
    } catch (error) {
      const why = deadline.isPassed ? `no answer within ${lateMs} ms` : redactSecrets(messageOf(error))
      const isOfId = error instanceof SelfStremeError && error.code === 'source.unknown_id'
      const failure = { at: now(), why: why.slice(0, MAX_WORDS), isOfId }
      return { askedAt, answeredAt: now(), failure }
    }
  }

  function note({ key }: Flight, client: string, answer: CachedAnswer): void {
    const { failure } = answer
    if (failure) sayFailed(failure.why)
    if (kind === 'local') return
    kept.set(key, failure ? { ...(kept.get(key) ?? answer), failure } : answer)
    if (!failure || failure.isOfId) return pauses.succeeded(client)
    const pauseMs = pauses.failed(client, key, failure.why, now())
    if (pauseMs !== undefined)
      log.warn('a source is left in peace for a while', { source: name, client, pauseMs })
  }

  /** What outsiders ask for may fail as often as they like. */
  function sayFailed(reason: string): void {
    if (now() - lastSaidAt < SAID_AGAIN_AFTER_MS) {
      unsaid++
      return log.debug('a source failed', { source: name, reason })
    }
    log.warn('a source failed', { source: name, reason, ...(unsaid > 0 ? { unsaid } : {}) })
    lastSaidAt = now()
    unsaid = 0
  }

  function late({ askedAt }: Flight): SourceAnswer {
    return nothing({ outcome: 'late', askedAt })
  }

  function answerOf(answer: CachedAnswer, outcome: SourceReport['outcome']): SourceAnswer {
    const { found = [], dropped, askedAt, answeredAt, failure } = answer
    const more = { ...(dropped ? { dropped } : {}), ...(failure ? { why: failure.why } : {}) }
    return { found, report: { source: name, outcome, found: found.length, askedAt, answeredAt, ...more } }
  }

  function nothing(report: Pick<SourceReport, 'outcome' | 'askedAt' | 'why'>): SourceAnswer {
    return { found: [], report: { source: name, found: 0, ...report } }
  }

  return { kind, name, ask }
}

/** Reads the names while others are still being waited for, and so that nobody who is served meanwhile has to wait. */
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
