import { readFileSync } from 'node:fs'
import { addressOfBytes } from '../lib/ip-address.ts'

const KEEP_MS = 30_000

/** Whether an address is a default gateway of this machine. */
export type IsGateway = (address: string) => boolean

/**
 * Reads the default gateways on Linux, at most every 30 s; on other systems there are none. In a container, the gateway
 * is the host, and Docker's userland proxy connects from it for every client.
 */
export function gatewayReader(): IsGateway {
  let known: ReadonlySet<string> = new Set()
  let readAt = Number.NEGATIVE_INFINITY
  return (address) => {
    if (performance.now() - readAt > KEEP_MS) {
      known = gatewaysIn(textOf('/proc/net/route'), textOf('/proc/net/ipv6_route'))
      readAt = performance.now()
    }
    return known.has(address)
  }
}

/**
 * @param ipv4 - `/proc/net/route`: interface, destination, gateway, …, in hex, least significant byte first
 * @param ipv6 - `/proc/net/ipv6_route`: destination, its prefix length, source, its prefix length, next hop, … in hex
 */
export function gatewaysIn(ipv4: string, ipv6: string): ReadonlySet<string> {
  const found = new Set<string>()
  for (const line of ipv4.split('\n')) {
    const [, destination, gateway = ''] = line.trim().split(/\s+/)
    if (destination === '00000000' && /^[\dA-F]{8}$/i.test(gateway)) found.add(addressOf(gateway, true))
  }
  for (const line of ipv6.split('\n')) {
    const [destination = '', prefix, , , gateway = ''] = line.trim().split(/\s+/)
    if (/^0{32}$/.test(destination) && prefix === '00' && /^[\da-f]{32}$/i.test(gateway))
      found.add(addressOf(gateway, false))
  }
  // A directly connected route has no gateway.
  for (const none of ['0.0.0.0', '::']) found.delete(none)
  return found
}

function addressOf(hex: string, isReversed: boolean): string {
  const bytes = [...Buffer.from(hex, 'hex')]
  return addressOfBytes(isReversed ? bytes.reverse() : bytes)
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
