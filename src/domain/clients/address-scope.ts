import { parseIpAddress } from '../../lib/ip-address.ts'
import { isOwnNetworkAddress, isPublicAddress } from './public-host.ts'

/** Where an address is: on this machine, in a private network, on the internet, or unusable. */
export type Scope = 'machine' | 'network' | 'internet' | 'nowhere'

/** @param address - IPv4 or IPv6, without brackets; anything else is `nowhere` */
export function scopeOf(address: string): Scope {
  if (isPublicAddress(address)) return 'internet'
  if (!isOwnNetworkAddress(address)) return 'nowhere'
  return parseIpAddress(address)?.range === 'loopback' ? 'machine' : 'network'
}

/**
 * Whether we connect to a peer address that we received. A stranger who could name any address could have us scan the
 * user's network, so the sender must be at least as close to us as the address.
 *
 * @param teller - scope of the peer, tracker or DHT node that sent the address
 */
export function mayNamePeer(teller: Scope, address: string): boolean {
  const scope = scopeOf(address)
  if (scope === 'internet') return true
  if (scope === 'network') return teller === 'network' || teller === 'machine'
  return scope === 'machine' && teller === 'machine'
}
