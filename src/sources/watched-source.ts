import { LRUCache } from 'lru-cache'
import { type VideoId, writeVideoId } from '../domain/video-id.ts'
import { heapBytes } from '../lib/heap-bytes.ts'
import { untilAborted } from '../lib/until-aborted.ts'
import type { Log } from '../observe/log.ts'
import { askSource } from './ask-source.ts'
import { ageOf, type CachedAnswer } from './cached-answer.ts'
import { ClientPauses } from './circuit-breaker.ts'
import type { Source, SourceAnswer, SourceReport } from './source.ts'
import { BUSY, type Question, type Refusal, type SourceAsker, SourceQuestions } from './source-questions.ts'

export interface WatchedSource {
  readonly kind: Source['kind']
  readonly name: string
  /** @param over - when waiting has an end; answers then at the latest, and never throws */
  ask(video: VideoId, over: AbortSignal, asker: SourceAsker): Promise<SourceAnswer>
}

export interface Watch {
  /** limit for the memory of all answers that are kept of one source */
  readonly keptBytes: number
  /** longest that lists wait for an answer, from when it was asked for */
  readonly patienceMs: number
  /** longest that a source may take for an answer that no list waits for any more */
  readonly lateMs: number
  readonly now: () => number
  readonly closing: AbortSignal
}

const SAID_AGAIN_AFTER_MS = 60_000

const TOO_MANY: Refusal = { outcome: 'busy', why: 'this client asks for too many titles' }
const NO_SUCH_ID: Refusal = { outcome: 'skipped', why: 'it knows no ids of this kind' }

/**
 * A source with all that stands between it and the list. It is asked once for all clients with the same question; its
 * answers are kept; a late answer is there for the next list; a source that fails or hangs does not hold up the others.
 *
 * Clients share it: none can take all of its places, and its failures for one client pause it for that one only.
 */
export function watchSource(source: Source, watch: Watch, log: Log): WatchedSource {
  const watched = new Watched(source, watch, log)
  return { kind: source.kind, name: source.name, ask: (...asked) => watched.ask(...asked) }
}

class Watched {
  readonly #source: Source
  readonly #watch: Watch
  readonly #log: Log
  readonly #questions: SourceQuestions
  readonly #pauses = new ClientPauses()
  readonly #kept: LRUCache<string, CachedAnswer>
  #lastSaidAt = Number.NEGATIVE_INFINITY
  #unsaid = 0

  constructor(source: Source, watch: Watch, log: Log) {
    this.#source = source
    this.#watch = watch
    this.#log = log
    this.#kept = new LRUCache({
      maxSize: watch.keptBytes,
      sizeCalculation: (answer, key) => heapBytes([key, answer]),
    })
    this.#questions = new SourceQuestions(watch, {
      refusalOf: (client) => this.#pauseOf(client),
      ask: ({ video, askedAt }, onlyKnown) => askSource(source, { video, askedAt, onlyKnown }, watch),
      answered: (question, client, answer) => this.#note(question, client, answer),
    })
  }

  async ask(video: VideoId, over: AbortSignal, asker: SourceAsker): Promise<SourceAnswer> {
    const { patienceMs, now } = this.#watch
    const key = `${video.kind}\n${writeVideoId(video)}`
    const before = this.#isLocal ? undefined : this.#kept.get(key)
    const age = ageOf(before, now())
    if (before && age === 'fresh') return this.#answerOf(before, 'kept')
    if (before && age === 'failing') return this.#answerOf(before, before.found ? 'stale' : 'failed')
    const isStale = before?.found && age === 'stale'
    if (this.#source.knows?.(video) === false) return this.#nothing(NO_SUCH_ID)
    // It would begin a question that waits for a place, and knows less to ask with: others would get the answer.
    if (asker.onlyKnown && !this.#isLocal && !this.#questions.find(key)?.isUnderWay)
      return isStale ? this.#answerOf(before, 'stale') : this.#nothing(TOO_MANY)

    // Local answers may change at any time: an answer that was begun before the request is not given to it.
    const question = this.#questions.find(key) ?? this.#questions.open(key, video, !this.#isLocal)
    const joined = this.#questions.join(question, asker)
    if (isStale) return this.#answerOf(before, 'stale')
    // A list has waited for it in vain; later ones do not begin to wait again.
    if (question.isUnderWay && now() - question.askedAt >= patienceMs) return this.#late(question)
    try {
      // Another client may find a place for the same question earlier.
      const answered = question.answer.promise.then(() => undefined)
      const refusal = await untilAborted(Promise.race([joined, answered]), over)
      if (refusal) return this.#nothing(refusal)
      const answer = await untilAborted(question.answer.promise, over)
      return this.#answerOf(answer, answer.found ? 'answered' : 'failed')
    } catch {
      return question.isUnderWay ? this.#late(question) : this.#nothing(BUSY)
    }
  }

  get #isLocal(): boolean {
    return this.#source.kind === 'local'
  }

  #pauseOf(client: string): Refusal | undefined {
    const why = this.#isLocal ? undefined : this.#pauses.why(client, this.#watch.now())
    return why === undefined ? undefined : { outcome: 'paused', why }
  }

  #note({ key }: Question, client: string, answer: CachedAnswer): void {
    const { failure } = answer
    if (failure) this.#sayFailed(failure.why)
    if (this.#isLocal) return
    this.#kept.set(key, failure ? { ...(this.#kept.get(key) ?? answer), failure } : answer)
    if (!failure || failure.isOfId) return this.#pauses.succeeded(client)
    const pauseMs = this.#pauses.failed(client, key, failure.why, this.#watch.now())
    if (pauseMs !== undefined) {
      const fields = { source: this.#source.name, client, pauseMs }
      this.#log.warn('source paused after repeated failures', fields)
    }
  }

  /** Bounded, as clients can cause failures as often as they like. */
  #sayFailed(reason: string): void {
    const { name } = this.#source
    const now = this.#watch.now()
    if (now - this.#lastSaidAt < SAID_AGAIN_AFTER_MS) {
      this.#unsaid++
      return this.#log.debug('a source failed', { source: name, reason })
    }
    const more = this.#unsaid > 0 ? { unsaid: this.#unsaid } : {}
    this.#log.warn('a source failed', { source: name, reason, ...more })
    this.#lastSaidAt = now
    this.#unsaid = 0
  }

  #late({ askedAt }: Question): SourceAnswer {
    return this.#nothing({ outcome: 'late', askedAt })
  }

  #answerOf(answer: CachedAnswer, outcome: SourceReport['outcome']): SourceAnswer {
    const { found = [], dropped, askedAt, answeredAt, failure } = answer
    const more = { ...(dropped ? { dropped } : {}), ...(failure ? { why: failure.why } : {}) }
    const source = this.#source.name
    return { found, report: { source, outcome, found: found.length, askedAt, answeredAt, ...more } }
  }

  #nothing(report: Pick<SourceReport, 'outcome' | 'askedAt' | 'why'>): SourceAnswer {
    return { found: [], report: { source: this.#source.name, found: 0, ...report } }
  }
}
