import { isOwnNetworkAddress } from './public-host.ts'

/** What one client may have at the same time. */
export interface ClientLimits {
  /** connections */
  readonly sockets: number
  /** videos that are sent or waited for */
  readonly streams: number
  /** torrents without metadata yet */
  readonly lookups: number
}

/** A household: ten devices with two streams each, and browsers that open six connections. */
const ONE: ClientLimits = { sockets: 64, streams: 24, lookups: 6 }

/** A private address may stand for all clients of a router, a container network, or a proxy that does not name them. */
const MANY: ClientLimits = { sockets: 256, streams: 96, lookups: 12 }

/** @param client - as `clientKey` names it */
export function limitsFor(client: string): ClientLimits {
  return isOwnNetworkAddress(client.replace(/\/64$/, '')) ? MANY : ONE
}
