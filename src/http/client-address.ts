import type { IncomingMessage } from 'node:http'
import { parseIpAddress, usualForm } from '../lib/ip-address.ts'

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

/** Whether an address is a proxy's whose word counts. @param hop - how many proxies it is away */
export type TrustsProxy = (address: string, hop: number) => boolean

/** Whether the request came through a proxy that names itself. */
export function isForwarded(req: IncomingMessage): boolean {
  const names = Object.keys(req.headers)
  return (
    names.some((name) => name === 'via' || name === 'x-original-host' || name.startsWith('x-forwarded')) ||
    namesClient(req)
  )
}

/** Whether the request came through a proxy that does not say for whom in `X-Forwarded-For`, or that is not trusted. */
export function isClientUntold(req: IncomingMessage, trustsProxy: TrustsProxy): boolean {
  return isForwarded(req) && isDirect(req, trustsProxy)
}

/** Whether the client is the one that has connected to us, as far as trusted proxies tell. */
export function isDirect(req: IncomingMessage, trustsProxy: TrustsProxy): boolean {
  return wayOf(req, trustsProxy).length === 1
}

function namesClient(req: IncomingMessage): boolean {
  return CLIENT_HEADERS.some((name) => req.headers[name] !== undefined)
}

/** Whether the client, as far as trusted proxies tell, is on this machine or in a private network. */
export function isFromPrivateNetwork(req: IncomingMessage, trustsProxy: TrustsProxy): boolean {
  return PRIVATE_RANGES.has(rangeOf(clientOf(req, trustsProxy)) ?? '')
}

/** The client's address, as far as trusted proxies tell. */
export function clientOf(req: IncomingMessage, trustsProxy: TrustsProxy): string {
  return wayOf(req, trustsProxy).at(-1) ?? ''
}

/** The addresses that a request came by, nearest first, up to the first one that is no trusted proxy: the client. */
function wayOf({ socket, headers }: IncomingMessage, trustsProxy: TrustsProxy): string[] {
  const told = String(headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((address) => address.trim())
    .filter((address) => address !== '')
  const way = [socket.remoteAddress ?? '', ...told.reverse()]
  const client = way.findIndex((address, hop) => !trustsProxy(address, hop))
  return client === -1 ? way : way.slice(0, client + 1)
}

/** Whether an address is one of this machine's own, by which forwarders on it connect to us. */
export function isOfThisMachine(req: IncomingMessage, address: string): boolean {
  return rangeOf(address) === 'loopback' || bare(address) === bare(req.socket.localAddress ?? '')
}

/** @returns name of the address range, `undefined` for what is no address */
function rangeOf(address: string): string | undefined {
  return parseIpAddress(bare(address))?.range
}

/** An address without brackets, port and zone: what two spellings of it have in common. */
export function bare(address: string): string {
  // A link-local IPv6 address comes with the interface it was seen on; some proxies put a port behind the address.
  const text = address
    .replace(/^\[(.*)\](:\d+)?$/, '$1')
    .replace(/%.*$/s, '')
    .replace(/^([\d.]+):\d+$/, '$1')
  return usualForm(text)
}
