import { SelfStremeError } from '../domain/errors.ts'
import type { Fetched } from './guarded-fetch.ts'

/** Statuses that concern the id, not the health of the server. */
const NOT_THERE: ReadonlySet<number> = new Set([400, 404, 410, 422])

/** @throws SelfStremeError `source.unknown_id` or `fetch.failed`, unless the status is 2xx */
export function assertOk({ status }: Pick<Fetched, 'status'>): void {
  if (status < 200 || status > 299)
    throw new SelfStremeError(
      NOT_THERE.has(status) ? 'source.unknown_id' : 'fetch.failed',
      `it answered with status ${status}`,
    )
}
