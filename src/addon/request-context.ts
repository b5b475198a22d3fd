import type { ListOptions } from '../domain/list/list-options.ts'

/** The client of a request. The SDK passes it through to the handlers. */
export interface RequestContext {
  readonly userAgent: string
  /** header of that name; the only difference between Stremio for Windows and a browser */
  readonly secChUa: string | undefined
  /** from the install URL */
  readonly list: ListOptions
  /** address by which the device reaches us, without trailing slash */
  readonly baseUrl: string
  /** sent by another self-streme, for one of its viewers */
  readonly isRelayed: boolean
  /** key for limits; see `domain/clients/client-key.ts` */
  readonly client: string
  readonly signal: AbortSignal
}
