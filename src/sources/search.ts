import { type Found, mergeCandidates } from '../domain/list/candidate.ts'
import type { VideoId } from '../domain/video-id.ts'
import { Deadline } from '../lib/deadline.ts'
import type { Log } from '../observe/log.ts'
import type { Source, SourceAnswer, SourceReport } from './source.ts'
import { watchSource } from './watched-source.ts'

export interface SearchOptions {
  /** how long a list may wait for its sources */
  readonly timeoutMs: number
  /** epoch ms */
  readonly now?: () => number
}

export interface SearchResult {
  readonly candidates: readonly Found[]
  /** the result of asking each source, in their order */
  readonly report: readonly SourceReport[]
}

export interface Asker {
  /** the request comes from another self-streme, for one of its viewers */
  readonly isRelayed?: boolean
  /** the client, for sharing the sources fairly */
  readonly client?: string
  /** the client is over its limit, and gets cached answers only */
  readonly onlyKnown?: boolean
}

/** Disposing of it cancels running requests. */
export interface Search extends Disposable {
  /** @throws the signal's reason when it aborts; never because of a source */
  find(video: VideoId, signal: AbortSignal, asker?: Asker): Promise<SearchResult>
}

/** Minimum time for sources to finish an answer that is too late for its list, so that the next list has it. */
const LATE_MS = 30_000
/** Memory for all cached answers, in bytes; shared equally by the sources. */
const MAX_KEPT = 32 * 1024 * 1024

/**
 * Asks all sources at once, and takes the answers that arrive in time. A source that is slow or fails only lacks in the
 * list.
 *
 * A request from another self-streme is answered from local sources and indexers only. If other addons were asked too,
 * two servers that name each other would wait for each other in a loop.
 */
export function createSearch(options: SearchOptions, sources: readonly Source[], log: Log): Search {
  const { timeoutMs, now = Date.now } = options
  const closing = new AbortController()
  const lateMs = Math.max(LATE_MS, timeoutMs)
  const remote = sources.filter(({ kind }) => kind !== 'local').length
  const keptBytes = Math.floor(MAX_KEPT / Math.max(1, remote))
  const watch = { keptBytes, now, patienceMs: timeoutMs, lateMs, closing: closing.signal }
  const watched = sources.map((source) => watchSource(source, watch, log))

  return {
    async find(video, signal, { isRelayed = false, client = '', onlyKnown = false } = {}) {
      using deadline = new Deadline(timeoutMs)
      const over = AbortSignal.any([signal, deadline.signal])
      const answers = await Promise.all(
        watched.map((source) =>
          isRelayed && source.kind === 'addon'
            ? skipped(source.name)
            : source.ask(video, over, { client, onlyKnown }),
        ),
      )
      signal.throwIfAborted()
      return {
        candidates: mergeCandidates(answers.flatMap(({ found }) => found)),
        report: answers.map(({ report }) => report),
      }
    },
    [Symbol.dispose]: () => closing.abort(),
  }
}

function skipped(source: string): SourceAnswer {
  return { found: [], report: { source, outcome: 'skipped', found: 0, why: 'another self-streme asks' } }
}
