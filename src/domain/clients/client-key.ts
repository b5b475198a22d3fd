import ipaddr from 'ipaddr.js'

/**
 * What limits per client are counted by: an IPv4 address, or the /64 of an IPv6 one, which is what a household gets
 * and within which anybody can take as many addresses as they like (RFC 6177).
 *
 * @param address - as the system or a trusted proxy writes it; a zone (`%eth0`) does not count
 * @returns the same text for every address of one client; what is no address stands for itself, cut to 64 letters
 */
export function clientKey(address: string): string {
  const bare = address.slice(0, 64).replace(/%.*$/s, '')
  if (!ipaddr.isValid(bare)) return bare
  const parsed = ipaddr.process(bare)
  if (parsed.kind() === 'ipv4') return parsed.toString()
  const [a = 0, b = 0, c = 0, d = 0] = (parsed as ipaddr.IPv6).parts
  return `${[a, b, c, d].map((part) => part.toString(16)).join(':')}::/64`
}
