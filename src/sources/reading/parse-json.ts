import { messageOf, SelfStremeError } from '../../domain/errors.ts'

/** @throws SelfStremeError `source.bad_answer` if it is not JSON */
export function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body))
  } catch (cause) {
    throw new SelfStremeError('source.bad_answer', `the answer is not JSON: ${messageOf(cause)}`, { cause })
  }
}
