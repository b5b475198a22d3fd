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
  /** the longest that reading one answer may take */
  readonly limitMs?: number
  /** the thread ends when there was nothing to read for so long */
  readonly idleMs?: number
}

export interface AnswerReader extends AsyncDisposable {
  /**
   * Reads an answer, all but a small one in a thread, so that nobody who is served meanwhile has to wait.
   *
   * @param sender - whose answer it is; senders take turns
   * @param body - not to be used any more
   * @throws SelfStremeError `source.refused`, `source.bad_answer` (also where it takes too long),
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
/** An honest answer of 2 MiB takes less than half a second; a small computer may be five times slower. */
const LIMIT_MS = 3_000
const IDLE_MS = 600_000
/** The worst XML of this size takes about 10 ms. */
const SMALL_BYTES = 16 * 1024
/**
 * JSON takes up to forty times its bytes while it is parsed. Out of memory there, V8 ends the whole process, so this is
 * far more than the largest answer takes; what keeps memory low are the limits on the bytes.
 */
const MAX_HEAP_MB = 512
const MAX_WAITING = 1_000

/** One thread, started when there is something to read. One that takes too long is ended, and the next starts anew. */
export function createAnswerReader(options: AnswerReaderOptions = {}): AnswerReader {
  const { limitMs = LIMIT_MS, idleMs = IDLE_MS } = options
  const turns = new FairPlaces({ most: 1, perClient: 1, mostWaiting: MAX_WAITING })
  let thread: Promise<Worker> | undefined
  let isClosed = false
  let idle: NodeJS.Timeout | undefined

  async function start(): Promise<Worker> {
    if (isClosed) throw new SelfStremeError('app.closing', 'no more answers are read')
    const worker = new Worker(THREAD, {
      // Nothing of the environment but where Node keeps what it has compiled: with it the thread starts in 0.1 s, not 0.25.
      env: { NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE },
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    })
    // Who waits for it is told by resultFrom; an error that has no listener would end the process.
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
      throw new SelfStremeError('source.bad_answer', 'the thread that reads answers does not start', {
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
      const why = deadline.isPassed ? `it takes longer than ${limitMs} ms` : 'the thread has ended'
      throw new SelfStremeError('source.bad_answer', `its answer is not read: ${why}`, { cause })
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
      if (!turn) throw new SelfStremeError('source.bad_answer', 'too many of its answers wait to be read')
      // The thread goes on with it when nobody waits for it any more, and takes nothing else meanwhile.
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

/** What the thread says next; fails when it ends instead. */
async function resultFrom(worker: Worker): Promise<ReadingResult> {
  const done = new AbortController()
  try {
    const ended = once(worker, 'exit', done).then(() => {
      throw new Error('the thread has ended')
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

/** Small buffers lie in memory that they share with others, and are copied. */
function ownBuffer({ buffer, byteLength }: Uint8Array): ArrayBuffer[] {
  return buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : []
}
