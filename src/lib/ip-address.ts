import ipaddr from 'ipaddr.js'

/** An IPv4 or IPv6 address. An IPv4-mapped IPv6 address (`::ffff:192.0.2.1`) counts as IPv4. */
export interface IpAddress {
  /** canonical form */
  readonly text: string
  readonly version: 4 | 6
  /** the kind of address, in the terms of ipaddr.js: `unicast`, `loopback`, `private`, … */
  readonly range: string
  /** 4 or 16 */
  readonly bytes: readonly number[]
}

/**
 * @param text - without brackets, port and zone; any spelling that ipaddr.js accepts, such as `127.1`
 * @returns `undefined` if it is not an address
 */
export function parseIpAddress(text: string): IpAddress | undefined {
  if (!ipaddr.isValid(text)) return undefined
  const address = ipaddr.process(text)
  return {
    text: address.toString(),
    version: address.kind() === 'ipv4' ? 4 : 6,
    range: address.range(),
    bytes: address.toByteArray(),
  }
}

/** The canonical form of an address; other text is returned unchanged. */
export function usualForm(text: string): string {
  return parseIpAddress(text)?.text ?? text
}

/** @param bytes - 4 or 16 */
export function addressOfBytes(bytes: readonly number[]): string {
  return ipaddr.fromByteArray([...bytes]).toString()
}

/** The version of an address by its notation: four decimal numbers, or IPv6. */
export function writtenVersion(text: string): 4 | 6 | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return 4
  return text.includes(':') && ipaddr.IPv6.isValid(text) ? 6 : undefined
}
