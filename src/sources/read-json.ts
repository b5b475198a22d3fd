import { messageOf, SelfStremeError } from '../domain/errors.ts'
import type { Fetched } from './guarded-fetch.ts'

/**
 * What a server answered, as JSON.
 *
 * @throws SelfStremeError `fetch.failed` if it answered with an error, `source.bad_answer` if that is no JSON
 */
export function readJson(answer: Fetched): unknown {
  assertOk(answer)
  try {
    return JSON.parse(answer.body.toString('utf8').replace(/^\uFEFF/, ''))
  } catch (cause) {
    throw new SelfStremeError('source.bad_answer', `it answered with no JSON: ${messageOf(cause)}`, { cause })
  }
}

/** @throws SelfStremeError `fetch.failed` unless the server said that all is well */
export function assertOk({ status }: Fetched): void {
  if (status < 200 || status > 299)
    throw new SelfStremeError('fetch.failed', `it answered with status ${status}`)
}
