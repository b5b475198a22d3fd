import ipaddr from 'ipaddr.js'

/** An address of IPv4 or IPv6. One of IPv4 that is written as IPv6 (`::ffff:192.0.2.1`) is that of IPv4. */
export interface IpAddress {
  /** in its usual form */
  readonly text: string
  readonly version: 4 | 6
  /** what the address is for, in the words of ipaddr.js: `unicast`, `loopback`, `private`, … */
  readonly range: string
  /** 4 or 16 of them */
  readonly bytes: readonly number[]
}

/**
 * @param text - without brackets, port and zone; every spelling that ipaddr.js knows, such as `127.1`
 * @returns `undefined` for what is no address
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

/** The usual form of an address; what is no address stays as it is. */
export function usualForm(text: string): string {
  return parseIpAddress(text)?.text ?? text
}

/** @param bytes - 4 or 16 of them */
export function addressOfBytes(bytes: readonly number[]): string {
  return ipaddr.fromByteArray([...bytes]).toString()
}

/** How an address is written: IPv4 as four decimal numbers, IPv6, or neither. */
export function writtenVersion(text: string): 4 | 6 | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return 4
  return text.includes(':') && ipaddr.IPv6.isValid(text) ? 6 : undefined
}
