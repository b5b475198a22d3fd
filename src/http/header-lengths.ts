import type { IncomingMessage } from 'node:http'
import { SelfStremeError } from '../domain/errors.ts'

/** Characters. Longer values are not parsed: some parsers take quadratic time. */
const MAX_LENGTH = 500

/** Headers describing the client; the beginning is enough. */
const CUT = ['user-agent', 'sec-ch-ua', 'accept']

/** Headers that select a part of the answer or set conditions: if dropped, the complete answer is sent. */
const EMPTIED = ['range', 'if-range', 'if-none-match', 'if-modified-since', 'cache-control', 'x-accel-prefix']

/** Headers that decide on access, or on the address of links: neither cutting nor dropping them is safe. */
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
 * Bounds the headers that are read. Others may be of any length, such as cookies of other services under the same host
 * name.
 *
 * @throws SelfStremeError `request.invalid`
 */
export function boundHeaders({ headers }: IncomingMessage): void {
  const isTooLong = (name: string) => String(headers[name] ?? '').length > MAX_LENGTH
  const refused = REFUSED.find(isTooLong)
  if (refused !== undefined)
    throw new SelfStremeError(
      'request.invalid',
      `the header "${refused}" has more than ${MAX_LENGTH} characters`,
    )
  for (const name of CUT.filter(isTooLong)) headers[name] = String(headers[name]).slice(0, MAX_LENGTH)
  for (const name of EMPTIED.filter(isTooLong)) headers[name] = ''
}
