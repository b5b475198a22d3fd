import { messageOf, SelfStremeError } from '../../domain/errors.ts'

/** @throws SelfStremeError `source.bad_answer` if that is no JSON */
export function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body))
  } catch (cause) {
    throw new SelfStremeError('source.bad_answer', `it answered with no JSON: ${messageOf(cause)}`, { cause })
  }
}
