import type { VideoId } from '../domain/video-id.ts'
import { Deadline } from '../lib/deadline.ts'
import type { CachedAnswer } from './cached-answer.ts'
import { FairPlaces } from './fair-places.ts'
import type { SourceReport } from './source.ts'

/** Questions to one source at a time, of all clients and of one, and how many more may wait for a place. */
const PLACES = { most: 16, perClient: 4, mostWaiting: 200 }

/** Why a client gets no answer. */
export type Refusal = Required<Pick<SourceReport, 'outcome' | 'why'>>

export const BUSY: Refusal = { outcome: 'busy', why: 'it is asked too much already' }

/** The client that a source is asked for. */
export interface SourceAsker {
  /** key for sharing the source; the server's own work also has one */
  readonly client: string
  /** nothing is asked for it that is not known already */
  readonly onlyKnown: boolean
}

/** A question to the source: it waits for a place, then it is under way. */
export interface Question {
  readonly slot: string | symbol
  readonly key: string
  readonly video: VideoId
  readonly answer: PromiseWithResolvers<CachedAnswer>
  /** clients that wait for a place for it */
  readonly waiting: Map<string, Promise<Refusal | undefined>>
  isUnderWay: boolean
  /** epoch ms */
  askedAt: number
}

export interface QuestionsOptions {
  /** longest that a question waits for a place */
  readonly patienceMs: number
  readonly now: () => number
  readonly closing: AbortSignal
}

export interface QuestionsPort {
  /** Why the source is not asked for this client now; `undefined` if it is. */
  refusalOf(client: string): Refusal | undefined
  /** Must not reject. */
  ask(question: Question, onlyKnown: boolean): Promise<CachedAnswer>
  /** @param client - the one whose place the question had */
  answered(question: Question, client: string, answer: CachedAnswer): void
}

/** The questions that one source is being asked, each once for all clients that have it. */
export class SourceQuestions {
  readonly #options: QuestionsOptions
  readonly #port: QuestionsPort
  readonly #places = new FairPlaces(PLACES)
  readonly #open = new Map<string | symbol, Question>()

  constructor(options: QuestionsOptions, port: QuestionsPort) {
    this.#options = options
    this.#port = port
  }

  find(key: string): Question | undefined {
    return this.#open.get(key)
  }

  /** @param isShared - others with the same question get the same answer */
  open(key: string, video: VideoId, isShared: boolean): Question {
    const slot = isShared ? key : Symbol(key)
    const askedAt = this.#options.now()
    const answer = Promise.withResolvers<CachedAnswer>()
    const question = { slot, key, video, answer, waiting: new Map(), isUnderWay: false, askedAt }
    this.#open.set(slot, question)
    return question
  }

  /** Finds a place for a question, among those of one more client that has it. */
  join(question: Question, { client, onlyKnown }: SourceAsker): Promise<Refusal | undefined> {
    if (question.isUnderWay) return Promise.resolve(undefined)
    const waiting = question.waiting.get(client)
    if (waiting !== undefined) return waiting
    const place = this.#places.take(client)
    if (place) return Promise.resolve(this.#begin(question, { client, onlyKnown }, place))
    const joined = this.#waitForPlace(client).then((later) => {
      question.waiting.delete(client)
      return this.#begin(question, { client, onlyKnown }, later)
    })
    question.waiting.set(client, joined)
    return joined
  }

  async #waitForPlace(client: string): Promise<Disposable | undefined> {
    const { patienceMs, closing } = this.#options
    using deadline = new Deadline(patienceMs)
    return await this.#places.wait(client, AbortSignal.any([closing, deadline.signal]))
  }

  #begin(
    question: Question,
    { client, onlyKnown }: SourceAsker,
    place: Disposable | undefined,
  ): Refusal | undefined {
    const { slot, waiting, answer } = question
    const refusal = place ? this.#port.refusalOf(client) : BUSY
    if (question.isUnderWay || refusal || !place) {
      place?.[Symbol.dispose]()
      if (question.isUnderWay) return undefined
      if (waiting.size === 0) this.#open.delete(slot)
      return refusal
    }
    question.isUnderWay = true
    question.askedAt = this.#options.now()
    void this.#port.ask(question, onlyKnown).then((answered) => {
      place[Symbol.dispose]()
      this.#open.delete(slot)
      if (!this.#options.closing.aborted) this.#port.answered(question, client, answered)
      answer.resolve(answered)
    })
    return undefined
  }
}
