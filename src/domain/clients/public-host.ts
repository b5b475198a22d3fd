import { parseIpAddress } from '../../lib/ip-address.ts'

const LOCAL_NAME =
  /(^|\.)(localhost|localdomain|local|internal|intranet|lan|home|home\.arpa|fritz\.box|test|onion)$/

/** Where clouds tell their machines things that are nobody else's business, and the range alone does not say so. */
const CLOUD_METADATA = new Set(['168.63.129.16', '100.100.100.200', 'fd00:ec2::254', 'fd20:ce::254'])

/** Networks that people run themselves; shared address space is where home VPNs live (RFC 6598). */
const OWN_NETWORKS = new Set(['loopback', 'private', 'uniqueLocal', 'carrierGradeNat'])

/** Whether an address is one that a host on the internet can have; for IPv6 that is 2000::/3 and no tunnel into IPv4. */
export function isPublicAddress(text: string): boolean {
  const address = parseIpAddress(text)
  if (address?.range !== 'unicast' || CLOUD_METADATA.has(address.text)) return false
  return address.version === 4 || ((address.bytes[0] ?? 0) & 0xe0) === 0x20
}

/** Whether an address is one of this machine or of a network around it, where nothing but what somebody runs answers. */
export function isOwnNetworkAddress(text: string): boolean {
  const address = parseIpAddress(text)
  return address !== undefined && OWN_NETWORKS.has(address.range) && !CLOUD_METADATA.has(address.text)
}

/**
 * Whether a host can be one on the internet, as far as its name tells.
 *
 * @param host - as `URL.hostname` gives it: IPv6 in brackets, IPv4 in its usual form
 */
export function isPublicHost(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '')
  if (parseIpAddress(address)) return isPublicAddress(address)
  const name = host.replace(/\.$/, '')
  return name.includes('.') && !LOCAL_NAME.test(name)
}
