import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { SelfStremeError } from '../../domain/errors.ts'
import { startedModule } from '../../domain/packaged.ts'
import { Deadline } from '../../lib/deadline.ts'
import { untilAborted } from '../../lib/until-aborted.ts'
import { FairPlaces } from '../fair-places.ts'
import type { ReadingJob, ReadingResult } from './reading-thread.ts'
import { type About, type ReadAs, type Reading, readings } from './readings.ts'

export interface AnswerReaderOptions {
  /** time limit for reading one answer */
  readonly limitMs?: number
  /** the thread ends after being unused for this long */
  readonly idleMs?: number
}

export interface AnswerReader extends AsyncDisposable {
  /**
   * Parses an answer, in a thread unless it is small, so that other requests are not held up.
   *
   * @param sender - who sent the answer; senders take turns
   * @param body - transferred: not to be used afterwards
   * @throws SelfStremeError `source.refused`, `source.bad_answer` (also after the time limit),
   * `torrent.invalid`
   * @throws the signal's reason when it aborts
   */
  read<R extends Reading>(
    reading: R,
    sender: string,
    body: Uint8Array,
    about: About<R>,
    signal: AbortSignal,
  ): Promise<ReadAs<R>>
}

const THREAD = startedModule(new URL('./reading-thread.ts', import.meta.url))
/** A normal answer of 2 MiB takes less than half a second; a small computer may be five times slower. */
const LIMIT_MS = 3_000
const IDLE_MS = 600_000
/** The worst XML of this size takes about 10 ms. */
const SMALL_BYTES = 16 * 1024
/**
 * JSON takes up to forty times its size while it is parsed. On running out of memory in a thread, V8 ends the process,
 * so this is far more than the largest answer needs; memory is bounded by the limits on bytes.
 */
const MAX_HEAP_MB = 512
const MAX_WAITING = 1_000

/** One thread, started on demand. If an answer exceeds the time limit, the thread is ended and replaced. */
export function createAnswerReader(options: AnswerReaderOptions = {}): AnswerReader {
  const { limitMs = LIMIT_MS, idleMs = IDLE_MS } = options
  const turns = new FairPlaces({ most: 1, perClient: 1, mostWaiting: MAX_WAITING })
  let thread: Promise<Worker> | undefined
  let isClosed = false
  let idle: NodeJS.Timeout | undefined

  async function start(): Promise<Worker> {
    if (isClosed) throw new SelfStremeError('app.closing', 'the server is stopping')
    const worker = new Worker(THREAD, {
      // Only Node's compile cache is passed on: with it, the thread starts in 0.1 s instead of 0.25.
      env: { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE },
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    })
    // Failures are reported by resultFrom; without a listener, an error would end the process.
    worker.on('error', () => undefined)
    worker.unref()
    await once(worker, 'message')
    return worker
  }

  function ready(): Promise<Worker> {
    clearTimeout(idle)
    idle = setTimeout(() => void end(), idleMs).unref()
    thread ??= start().catch((cause: unknown) => {
      thread = undefined
      throw new SelfStremeError('source.bad_answer', 'the parser thread does not start', {
        cause,
      })
    })
    return thread
  }

  async function end(): Promise<void> {
    const ending = thread
    thread = undefined
    const worker = await ending?.catch(() => undefined)
    await worker?.terminate()
  }

  async function work(job: ReadingJob): Promise<unknown> {
    const worker = await ready()
    worker.ref()
    using deadline = new Deadline(limitMs)
    let result: ReadingResult
    try {
      const next = resultFrom(worker)
      worker.postMessage(job, ownBuffer(job.body))
      result = await untilAborted(next, deadline.signal)
    } catch (cause) {
      await end()
      const why = deadline.isPassed ? `it takes longer than ${limitMs} ms` : 'the parser thread has ended'
      throw new SelfStremeError('source.bad_answer', `the answer could not be parsed: ${why}`, { cause })
    } finally {
      worker.unref()
    }
    return valueIn(result)
  }

  return {
    async read<R extends Reading>(
      reading: R,
      sender: string,
      body: Uint8Array,
      about: About<R>,
      signal: AbortSignal,
    ) {
      if (body.byteLength <= SMALL_BYTES)
        return (readings[reading] as (...job: unknown[]) => ReadAs<R>)(body, about)
      const turn = await turns.wait(sender, signal)
      signal.throwIfAborted()
      if (!turn) throw new SelfStremeError('source.bad_answer', 'too many of its answers wait to be parsed')
      // After an abort, the thread still finishes this job before it takes another.
      const working = work({ reading, body, about }).finally(() => turn[Symbol.dispose]())
      return untilAborted(working, signal) as Promise<ReadAs<R>>
    },
    async [Symbol.asyncDispose]() {
      isClosed = true
      clearTimeout(idle)
      await end()
    },
  }
}

/** The next message of the thread; fails if the thread ends first. */
async function resultFrom(worker: Worker): Promise<ReadingResult> {
  const done = new AbortController()
  try {
    const ended = once(worker, 'exit', done).then(() => {
      throw new Error('the parser thread has ended')
    })
    const [result] = await Promise.race([once(worker, 'message', done), ended])
    return result as ReadingResult
  } finally {
    done.abort()
  }
}

function valueIn(result: ReadingResult): unknown {
  if (result.kind === 'problem') throw new SelfStremeError(result.code, result.message)
  return result.kind === 'value' ? result.value : undefined
}

/** Small buffers share memory with others, and are copied. */
function ownBuffer({ buffer, byteLength }: Uint8Array): ArrayBuffer[] {
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : []
}
