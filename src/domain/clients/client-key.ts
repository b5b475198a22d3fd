import { parseIpAddress } from '../../lib/ip-address.ts'

/**
 * The key by which limits per client are counted: an IPv4 address, or the /64 of an IPv6 address. A /64 is what one
 * household gets, and any host in it can use as many addresses as it likes (RFC 6177).
 *
 * @param address - as the system or a trusted proxy writes it; a zone (`%eth0`) is ignored
 * @returns equal for all addresses of one client; text that is not an address is returned cut to 64 characters
 */
export function clientKey(address: string): string {
  const bare = address.slice(0, 64).replace(/%.*$/s, '')
  const parsed = parseIpAddress(bare)
  if (!parsed) return bare
  if (parsed.version === 4) return parsed.text
  const part = (at: number) => (((parsed.bytes[at] ?? 0) << 8) | (parsed.bytes[at + 1] ?? 0)).toString(16)
  return `${[0, 2, 4, 6].map(part).join(':')}::/64`
}
