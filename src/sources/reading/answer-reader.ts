import { SelfStremeError } from '../../domain/errors.ts'
import { untilAborted } from '../../lib/until-aborted.ts'
import { FairPlaces } from '../fair-places.ts'
import { ReadingWorker, type ReadingWorkerOptions } from './reading-worker.ts'
import { type About, type ReadAs, type Reading, readings } from './readings.ts'

/** An answer to parse. */
export interface Answer<R extends Reading> {
  readonly reading: R
  /** who sent the answer; senders take turns */
  readonly sender: string
  /** transferred: not to be used afterwards */
  readonly body: Uint8Array
  readonly about: About<R>
}

export interface AnswerReader extends AsyncDisposable {
  /**
   * Parses an answer, in a thread unless it is small, so that other requests are not held up.
   *
   * @throws SelfStremeError `source.refused`, `source.bad_answer` (also after the time limit),
   * `torrent.invalid`
   * @throws the signal's reason when it aborts
   */
  read<R extends Reading>(answer: Answer<R>, signal: AbortSignal): Promise<ReadAs<R>>
}

/** A normal answer of 2 MiB takes less than half a second; a small computer may be five times slower. */
const LIMIT_MS = 3_000
const IDLE_MS = 600_000
/** The worst XML of this size takes about 10 ms. */
const SMALL_BYTES = 16 * 1024
const MAX_WAITING = 1_000

export function createAnswerReader(options: Partial<ReadingWorkerOptions> = {}): AnswerReader {
  const turns = new FairPlaces({ most: 1, perClient: 1, mostWaiting: MAX_WAITING })
  const worker = new ReadingWorker({ limitMs: LIMIT_MS, idleMs: IDLE_MS, ...options })

  return {
    async read<R extends Reading>({ reading, sender, body, about }: Answer<R>, signal: AbortSignal) {
      if (body.byteLength <= SMALL_BYTES)
        return (readings[reading] as (...job: unknown[]) => ReadAs<R>)(body, about)
      const turn = await turns.wait(sender, signal)
      signal.throwIfAborted()
      if (!turn) throw new SelfStremeError('source.bad_answer', 'too many of its answers wait to be parsed')
      // After an abort, the thread still finishes this job before it takes another.
      const working = worker.run({ reading, body, about }).finally(() => turn[Symbol.dispose]())
      return untilAborted(working, signal) as Promise<ReadAs<R>>
    },
    [Symbol.asyncDispose]: () => worker[Symbol.asyncDispose](),
  }
}
