import { parseIpAddress } from '../../lib/ip-address.ts'

/**
 * What limits per client are counted by: an IPv4 address, or the /64 of an IPv6 one, which is what a household gets
 * and within which anybody can take as many addresses as they like (RFC 6177).
 *
 * @param address - as the system or a trusted proxy writes it; a zone (`%eth0`) does not count
 * @returns the same text for every address of one client; what is no address stands for itself, cut to 64 letters
 */
export function clientKey(address: string): string {
  const bare = address.slice(0, 64).replace(/%.*$/s, '')
  const parsed = parseIpAddress(bare)
  if (!parsed) return bare
  if (parsed.version === 4) return parsed.text
  const part = (at: number) => (((parsed.bytes[at] ?? 0) << 8) | (parsed.bytes[at + 1] ?? 0)).toString(16)
  return `${[0, 2, 4, 6].map(part).join(':')}::/64`
}
