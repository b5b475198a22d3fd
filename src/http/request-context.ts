import type { Request, Response } from 'express'
import ipaddr from 'ipaddr.js'
import { DELIVERY_MODES, type DeliveryMode } from '../domain/device.ts'

/** Headers by which proxies say for whom they ask, each in its own way. */
const CLIENT_HEADERS = [
  'forwarded',
  'x-forwarded',
  'x-forwarded-for',
  'x-original-forwarded-for',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-envoy-external-address',
  'true-client-ip',
  'cf-connecting-ip',
  'fastly-client-ip',
  'fly-client-ip',
]

/** Addresses that nobody on the internet can have. Shared address space is where home VPNs live (RFC 6598). */
const PRIVATE_RANGES = new Set(['loopback', 'private', 'linkLocal', 'uniqueLocal', 'carrierGradeNat'])

/** Aborts when the client has closed the connection before it got its whole answer. */
export function goneSignal(res: Response): AbortSignal {
  const gone = new AbortController()
  res.once('close', () => {
    if (!res.writableFinished) gone.abort()
  })
  return gone.signal
}

/** Whether the request came through a proxy that names itself. */
export function isForwarded(req: Request): boolean {
  const names = Object.keys(req.headers)
  return (
    names.some((name) => name === 'via' || name === 'x-original-host' || name.startsWith('x-forwarded')) ||
    namesClient(req)
  )
}

/** Whether a proxy says for whom it asks in a way that Express does not read, and not in the one that it does. */
export function namesClientOtherwise(req: Request): boolean {
  return namesClient(req) && req.ips.length === 0
}

function namesClient(req: Request): boolean {
  return CLIENT_HEADERS.some((name) => req.headers[name] !== undefined)
}

/** Whether the client, as far as trusted proxies tell, is on this machine or in a private network. */
export function isFromPrivateNetwork(req: Request): boolean {
  return PRIVATE_RANGES.has(rangeOf(req.ip) ?? '')
}

/** Whether the connection itself comes from this machine. */
export function isFromLoopback(req: Request): boolean {
  return rangeOf(req.socket.remoteAddress) === 'loopback'
}

/** @returns name of the address range, `undefined` for what is no address */
function rangeOf(address: string | undefined): string | undefined {
  // A link-local IPv6 address comes with the interface it was seen on; some proxies put a port behind the address.
  const bare =
    address
      ?.replace(/^\[(.*)\](:\d+)?$/, '$1')
      .replace(/%.*$/, '')
      .replace(/^([\d.]+):\d+$/, '$1') ?? ''
  return ipaddr.isValid(bare) ? ipaddr.process(bare).range() : undefined
}

/**
 * How the client reaches us, without a slash at the end: what the links in answers begin with.
 *
 * @param publicUrl - the user's own word, which counts most
 */
export function baseUrlOf(req: Request, publicUrl: string | undefined): string {
  if (publicUrl !== undefined) return publicUrl
  // Both come from forwarding headers only where a trusted proxy set them; a proxy may pass on what it was sent.
  const protocol = req.protocol === 'https' ? 'https' : 'http'
  const host = (req.host as string | undefined) ?? ''
  const isPlain = /^([a-z0-9]([\w.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(:\d+)?$/i.test(host)
  return `${protocol}://${isPlain && URL.canParse(`http://${host}`) ? host : addressOf(req)}`
}

function addressOf({ socket }: Request): string {
  const { localAddress = '127.0.0.1', localPort } = socket
  return `${localAddress.includes(':') ? `[${localAddress}]` : localAddress}:${localPort}`
}

/** The first path segment, where it says how streams shall come. */
export function parseMode(segment: string | undefined): DeliveryMode | undefined {
  if (segment === undefined) return 'auto'
  return DELIVERY_MODES.find((mode) => mode === segment)
}
