import { SelfStremeError } from '../domain/errors.ts'
import type { Fetched } from './guarded-fetch.ts'

/** @throws SelfStremeError `fetch.failed` unless the server said that all is well */
export function assertOk({ status }: Pick<Fetched, 'status'>): void {
  if (status < 200 || status > 299)
    throw new SelfStremeError('fetch.failed', `it answered with status ${status}`)
}
