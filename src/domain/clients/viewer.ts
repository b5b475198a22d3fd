import type { SelfStremeError } from '../errors.ts'

/** One request for a film, for as long as it lasts. */
export interface Viewer {
  /** as `clientKey` names it */
  readonly client: string
  /** since when the client has taken nothing of what it was sent, in ms of the process' clock; absent while it does */
  readonly idleSince: number | undefined
  /** Ends the request, so that another client may have its place. */
  end(reason: SelfStremeError): void
}

/**
 * How long a client may take nothing before others are served in its place, where there is too little for all. Players
 * that have read enough ahead pause for longer, and then ask for the next bytes in a new request (RFC 9110 §14).
 */
export const IDLE_AFTER_MS = 10_000

export function isIdle({ idleSince }: Viewer, now: number): boolean {
  return idleSince !== undefined && now - idleSince >= IDLE_AFTER_MS
}
