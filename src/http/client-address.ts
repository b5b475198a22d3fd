import type { IncomingMessage } from 'node:http'
import { parseIpAddress, usualForm } from '../lib/ip-address.ts'

/** Headers in which different proxies name the client. */
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

/** Addresses that no host on the internet has; home VPNs use shared address space (RFC 6598). */
const PRIVATE_RANGES = new Set(['loopback', 'private', 'linkLocal', 'uniqueLocal', 'carrierGradeNat'])

/** Whether the forwarding headers of a proxy are trusted. @param hop - number of proxies between it and us */
export type TrustsProxy = (address: string, hop: number) => boolean

/** Whether a request has forwarding headers. */
export function isForwarded(req: IncomingMessage): boolean {
  const names = Object.keys(req.headers)
  return (
    names.some((name) => name === 'via' || name === 'x-original-host' || name.startsWith('x-forwarded')) ||
    namesClient(req)
  )
}

/** Whether a request came through a proxy that is untrusted, or does not send `X-Forwarded-For`. */
export function isClientUntold(req: IncomingMessage, trustsProxy: TrustsProxy): boolean {
  return isForwarded(req) && isDirect(req, trustsProxy)
}

/** Whether the client itself has connected to us, as reported by trusted proxies. */
export function isDirect(req: IncomingMessage, trustsProxy: TrustsProxy): boolean {
  return wayOf(req, trustsProxy).length === 1
}

function namesClient(req: IncomingMessage): boolean {
  return CLIENT_HEADERS.some((name) => req.headers[name] !== undefined)
}

/** Whether the client is on this machine or in a private network, as reported by trusted proxies. */
export function isFromPrivateNetwork(req: IncomingMessage, trustsProxy: TrustsProxy): boolean {
  return PRIVATE_RANGES.has(rangeOf(clientOf(req, trustsProxy)) ?? '')
}

/** The client's address, as reported by trusted proxies. */
export function clientOf(req: IncomingMessage, trustsProxy: TrustsProxy): string {
  return wayOf(req, trustsProxy).at(-1) ?? ''
}

/** Addresses on the way to the client, nearest first, ending with the first that is not a trusted proxy: the client. */
function wayOf({ socket, headers }: IncomingMessage, trustsProxy: TrustsProxy): string[] {
  const told = String(headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((address) => address.trim())
    .filter((address) => address !== '')
  const way = [socket.remoteAddress ?? '', ...told.reverse()]
  const client = way.findIndex((address, hop) => !trustsProxy(address, hop))
  return client === -1 ? way : way.slice(0, client + 1)
}

/** Whether an address is one of this machine, from which local forwarders connect. */
export function isOfThisMachine(req: IncomingMessage, address: string): boolean {
  return rangeOf(address) === 'loopback' || bare(address) === bare(req.socket.localAddress ?? '')
}

/** @returns the kind of address; `undefined` if it is not an address */
function rangeOf(address: string): string | undefined {
  return parseIpAddress(bare(address))?.range
}

/** An address without brackets, port and zone, for comparison. */
export function bare(address: string): string {
  // A link-local IPv6 address may have a zone, and some proxies append a port.
  const text = address
    .replace(/^\[(.*)\](:\d+)?$/, '$1')
    .replace(/%.*$/s, '')
    .replace(/^([\d.]+):\d+$/, '$1')
  return usualForm(text)
}
