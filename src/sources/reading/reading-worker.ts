import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { SelfStremeError } from '../../domain/errors.ts'
import { startedModule } from '../../domain/packaged.ts'
import { Deadline } from '../../lib/deadline.ts'
import { untilAborted } from '../../lib/until-aborted.ts'
import type { ReadingJob, ReadingResult } from './reading-thread.ts'

const THREAD = startedModule(new URL('./reading-thread.ts', import.meta.url))
/**
 * JSON takes up to forty times its size while it is parsed. On running out of memory in a thread, V8 ends the process,
 * so this is far more than the largest answer needs; memory is bounded by the limits on bytes.
 */
const MAX_HEAP_MB = 512

export interface ReadingWorkerOptions {
  /** the longest that one answer may take, in ms */
  readonly limitMs: number
  /** the thread ends after so long without a job, in ms */
  readonly idleMs: number
}

/** One thread, started on demand. If a job exceeds the time limit, the thread is ended and replaced. */
export class ReadingWorker implements AsyncDisposable {
  readonly #options: ReadingWorkerOptions
  #thread: Promise<Worker> | undefined
  #isClosed = false
  #idle: NodeJS.Timeout | undefined

  constructor(options: ReadingWorkerOptions) {
    this.#options = options
  }

  /** Does one job; jobs must not overlap. */
  async run(job: ReadingJob): Promise<unknown> {
    const worker = await this.#ready()
    worker.ref()
    using deadline = new Deadline(this.#options.limitMs)
    let result: ReadingResult
    try {
      const next = resultFrom(worker)
      worker.postMessage(job, ownBuffer(job.body))
      result = await untilAborted(next, deadline.signal)
    } catch (cause) {
      await this.#end()
      const why = deadline.isPassed
        ? `it takes longer than ${this.#options.limitMs} ms`
        : 'the parser thread has ended'
      throw new SelfStremeError('source.bad_answer', `the answer could not be parsed: ${why}`, { cause })
    } finally {
      worker.unref()
    }
    return valueIn(result)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#idle)
    await this.#end()
  }

  #ready(): Promise<Worker> {
    clearTimeout(this.#idle)
    this.#idle = setTimeout(() => void this.#end(), this.#options.idleMs).unref()
    this.#thread ??= this.#start().catch((cause: unknown) => {
      this.#thread = undefined
      const message = 'the parser thread does not start'
      throw new SelfStremeError('source.bad_answer', message, { cause })
    })
    return this.#thread
  }

  async #start(): Promise<Worker> {
    if (this.#isClosed) throw new SelfStremeError('app.closing', 'the server is stopping')
    const worker = new Worker(THREAD, {
      env: environmentOfThread(process.env),
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    })
    // An error without a listener would end the process; resultFrom reports it.
    worker.on('error', () => undefined)
    worker.unref()
    await once(worker, 'message')
    return worker
  }

  async #end(): Promise<void> {
    const ending = this.#thread
    this.#thread = undefined
    const worker = await ending?.catch(() => undefined)
    await worker?.terminate()
  }
}

/** Only Node's compile cache is passed on: with it, the thread starts in 0.1 s instead of 0.25. */
function environmentOfThread({ NODE_COMPILE_CACHE }: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  // A thread gets undefined as the text "undefined", and would make a folder of that name.
  return NODE_COMPILE_CACHE ? { NODE_COMPILE_CACHE } : {}
}

/** The thread's next message; fails when the thread ends instead. */
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
