import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Request } from 'express'
import ipaddr from 'ipaddr.js'
import { SelfStremeError } from '../domain/errors.ts'
import { DEFAULT_LIST_OPTIONS, type ListOptions, parseListOptions } from '../domain/list-options.ts'

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

/** Aborts when the client has closed the connection before it got its whole answer. */
export function goneSignal(res: ServerResponse): AbortSignal {
  const gone = new AbortController()
  // Not all answers hear of it: one that waits for its turn on the connection does not.
  const { socket } = res.req
  if (socket.destroyed) return AbortSignal.abort()
  const leave = () => {
    if (!res.writableFinished) gone.abort()
  }
  socket.once('close', leave)
  res.once('close', () => {
    leave()
    socket.off('close', leave)
  })
  return gone.signal
}

/** Whether the request came through a proxy that names itself. */
export function isForwarded(req: IncomingMessage): boolean {
  const names = Object.keys(req.headers)
  return (
    names.some((name) => name === 'via' || name === 'x-original-host' || name.startsWith('x-forwarded')) ||
    namesClient(req)
  )
}

/** Whether a proxy says for whom it asks in a way that we do not read, and not in the one that we do. */
export function namesClientOtherwise(req: IncomingMessage, trustsProxy: TrustsProxy): boolean {
  return namesClient(req) && wayOf(req, trustsProxy).length === 1
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

/** Whether the connection itself comes from this machine. */
export function isFromLoopback(req: IncomingMessage): boolean {
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

/**
 * The first path segment, where it says what lists shall be like.
 *
 * @param segment - percent-decoded; absent = as usual
 * @returns `undefined` for what is no such segment
 * @throws SelfStremeError `request.invalid`, saying what is wrong with it
 */
export function readListOptions(segment: string | undefined): ListOptions | undefined {
  const options = segment === undefined ? DEFAULT_LIST_OPTIONS : parseListOptions(segment)
  if (options && 'problem' in options)
    throw new SelfStremeError(
      'request.invalid',
      `The address "${segment?.slice(0, 200)}": ${options.problem}.`,
    )
  return options
}
