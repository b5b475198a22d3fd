import type { ListOptions } from '../domain/list/list-options.ts'

/** Who sent a request. The SDK passes it to its handlers as it is. */
export interface RequestContext {
  readonly userAgent: string
  /** header of that name; the only thing that tells Stremio for Windows from a browser */
  readonly secChUa: string | undefined
  /** from the install URL */
  readonly list: ListOptions
  /** how the device reaches us, without a slash at the end */
  readonly baseUrl: string
  /** another self-streme sent it, for one of its viewers */
  readonly isRelayed: boolean
  /** whose limits this counts against; see `domain/clients/client-key.ts` */
  readonly client: string
  readonly signal: AbortSignal
}
