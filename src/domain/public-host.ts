import ipaddr from 'ipaddr.js'

const LOCAL_NAME = /(^|\.)(localhost|localdomain|local|internal|intranet|lan|home|home\.arpa|test|onion)$/

/** Whether an address is one that a host on the internet can have; for IPv6 that is 2000::/3 and no tunnel into IPv4. */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) return false
  const address = ipaddr.process(text)
  if (address.range() !== 'unicast') return false
  return address.kind() === 'ipv4' || ((address.toByteArray()[0] ?? 0) & 0xe0) === 0x20
}

/**
 * Whether a host can be one on the internet, as far as its name tells.
 *
 * @param host - as `URL.hostname` gives it: IPv6 in brackets, IPv4 in its usual form
 */
export function isPublicHost(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '')
  if (ipaddr.isValid(address)) return isPublicAddress(address)
  const name = host.replace(/\.$/, '')
  return name.includes('.') && !LOCAL_NAME.test(name)
}
