import type { IncomingMessage } from 'node:http'
import { SelfStremeError } from '../domain/errors.ts'

/** Letters. What is read of a header is never longer: some of what reads it takes the square of its length. */
const MAX_LENGTH = 500

/** What a client says of itself; the beginning tells enough. */
const CUT = ['user-agent', 'sec-ch-ua', 'accept']

/** What says which part of an answer is wanted, or on which condition: where it is empty, all of it is sent. */
const EMPTIED = ['range', 'if-range', 'if-none-match', 'if-modified-since', 'cache-control', 'x-accel-prefix']

/** What decides who may do something, or which address links lead to: neither cut nor empty would be safe. */
const REFUSED = [
  'host',
  'origin',
  'authorization',
  'sec-fetch-site',
  'sec-fetch-dest',
  'sec-fetch-mode',
  'sec-purpose',
  'purpose',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-prefix',
  'self-streme-asker',
]

/** Every header whose value is read. */
export const READ_HEADERS: readonly string[] = [...CUT, ...EMPTIED, ...REFUSED]

/**
 * Bounds the headers of a request before anything reads them. Those that nothing reads may be as long as they like, such
 * as cookies of other services behind the same name.
 *
 * @throws SelfStremeError `request.invalid`
 */
export function boundHeaders({ headers }: IncomingMessage): void {
  const isTooLong = (name: string) => String(headers[name] ?? '').length > MAX_LENGTH
  const refused = REFUSED.find(isTooLong)
  if (refused !== undefined)
    throw new SelfStremeError(
      'request.invalid',
      `the header "${refused}" has more than ${MAX_LENGTH} letters`,
    )
  for (const name of CUT.filter(isTooLong)) headers[name] = String(headers[name]).slice(0, MAX_LENGTH)
  for (const name of EMPTIED.filter(isTooLong)) headers[name] = ''
}
