import { SelfStremeError } from '../domain/errors.ts'
import type { Fetched } from './guarded-fetch.ts'

/** What says that there is nothing of the kind, and not that the server does not work. */
const NOT_THERE: ReadonlySet<number> = new Set([400, 404, 410, 422])

/** @throws SelfStremeError `source.unknown_id`, `fetch.failed` unless the server said that all is well */
export function assertOk({ status }: Pick<Fetched, 'status'>): void {
  if (status < 200 || status > 299)
    throw new SelfStremeError(
      NOT_THERE.has(status) ? 'source.unknown_id' : 'fetch.failed',
      `it answered with status ${status}`,
    )
}
