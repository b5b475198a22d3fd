import type { SelfStremeError } from '../errors.ts'

/** One request for a video, while it lasts. */
export interface Viewer {
  /** as `clientKey` names it */
  readonly client: string
  /** since when the client has read nothing, in ms of a monotonic clock; absent while it reads */
  readonly idleSince: number | undefined
  /** Ends the request, so that its place can go to another client. */
  end(reason: SelfStremeError): void
}

/**
 * After this time without reading, a client counts as idle and may lose its place. Players that have buffered enough
 * pause for longer, and then continue with a new request (RFC 9110 §14).
 */
export const IDLE_AFTER_MS = 10_000

export function isIdle({ idleSince }: Viewer, now: number): boolean {
  return idleSince !== undefined && now - idleSince >= IDLE_AFTER_MS
}
