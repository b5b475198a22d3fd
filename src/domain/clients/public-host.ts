import { parseIpAddress } from '../../lib/ip-address.ts'

const LOCAL_NAME =
  /(^|\.)(localhost|localdomain|local|internal|intranet|lan|home|home\.arpa|fritz\.box|test|onion)$/

/** Addresses of cloud metadata services that no special range covers. */
const CLOUD_METADATA = new Set(['168.63.129.16', '100.100.100.200', 'fd00:ec2::254', 'fd20:ce::254'])

/** Private networks; home VPNs use shared address space (RFC 6598). */
const OWN_NETWORKS = new Set(['loopback', 'private', 'uniqueLocal', 'carrierGradeNat'])

/** Whether a host on the internet can have the address; for IPv6 that is 2000::/3 without tunnels into IPv4. */
export function isPublicAddress(text: string): boolean {
  const address = parseIpAddress(text)
  if (address?.range !== 'unicast' || CLOUD_METADATA.has(address.text)) return false
  return address.version === 4 || ((address.bytes[0] ?? 0) & 0xe0) === 0x20
}

/** Whether an address is on this machine or in a private network. */
export function isOwnNetworkAddress(text: string): boolean {
  const address = parseIpAddress(text)
  return address !== undefined && OWN_NETWORKS.has(address.range) && !CLOUD_METADATA.has(address.text)
}

/**
 * Whether a host may be on the internet, judged by its name.
 *
 * @param host - as in `URL.hostname`: IPv6 in brackets, IPv4 in canonical form
 */
export function isPublicHost(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '')
  if (parseIpAddress(address)) return isPublicAddress(address)
  const name = host.replace(/\.$/, '')
  return name.includes('.') && !LOCAL_NAME.test(name)
}
