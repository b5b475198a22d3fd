import { parentPort } from 'node:worker_threads'
import { type ErrorCode, messageOf, SelfStremeError } from '../../domain/errors.ts'
import { type Reading, readings } from './readings.ts'

/** One answer to parse. */
export interface ReadingJob {
  readonly reading: Reading
  readonly body: Uint8Array
  readonly about: unknown
}

/** Messages of the thread: one when it has started, and then one result for each job. */
export type ReadingResult =
  | { readonly kind: 'ready' }
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'problem'; readonly code: ErrorCode; readonly message: string }

parentPort?.on('message', (job: ReadingJob) => say(resultOf(job)))
say({ kind: 'ready' })

function say(result: ReadingResult): void {
  parentPort?.postMessage(result)
}

function resultOf({ reading, body, about }: ReadingJob): ReadingResult {
  try {
    const read = readings[reading] as (body: Uint8Array, about: unknown) => unknown
    return { kind: 'value', value: read(body, about) }
  } catch (error) {
    const code = error instanceof SelfStremeError ? error.code : 'source.bad_answer'
    return { kind: 'problem', code, message: messageOf(error) }
  }
}
