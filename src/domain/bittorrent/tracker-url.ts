import { isPublicHost } from '../clients/public-host.ts'

/** The most trackers taken from one request. */
export const MAX_TRACKERS = 20

/** Letters; no tracker has a longer address. */
const MAX_LENGTH = 500
const SCHEMES = new Set(['http:', 'https:', 'udp:', 'ws:', 'wss:'])

/** Where a tracker answers. HTTP and WebSocket share their ports; UDP has ports of its own. */
export interface TrackerEndpoint {
  readonly transport: 'tcp' | 'udp'
  /** canonical, IPv6 without brackets */
  readonly host: string
  readonly port: number
}

/**
 * Which of the trackers that came with a request the engine may talk to. It fetches them itself, so a tracker URL
 * is a way to make the server call any host: only known schemes, and only hosts out on the internet.
 *
 * @param urls - as they came, from `?tr=` or a magnet link
 * @param trusted - the trackers the user configured; these very ones are allowed wherever they are
 */
export function allowedTrackers(urls: readonly string[], trusted: readonly string[]): string[] {
  const trustedOnes = new Set(trusted.map(trackerIdentity))
  return [...new Set(urls)]
    .filter((url) => {
      const host = trackerHost(url)
      return host !== undefined && (isPublicHost(host) || trustedOnes.has(trackerIdentity(url)))
    })
    .slice(0, MAX_TRACKERS)
}

/**
 * The same text for two URLs of one tracker. The path counts, as one port may serve much beside a tracker; the query
 * does not, nor the path of a UDP tracker, which is never sent.
 *
 * @returns `undefined` if the URL is no tracker's
 */
export function trackerIdentity(url: string): string | undefined {
  const endpoint = trackerEndpoint(url)
  if (!endpoint) return undefined
  const path = endpoint.transport === 'udp' ? '' : URL.parse(url)?.pathname.replace(/\/$/, '')
  return `${endpointKey(endpoint)}${path}`
}

/** @returns `undefined` if the URL is no tracker's */
export function trackerEndpoint(url: string): TrackerEndpoint | undefined {
  const host = trackerHost(url)
  if (host === undefined) return undefined
  const isUdp = /^udp:/i.test(url)
  const isSecure = /^(https|wss):/i.test(url)
  const port = URL.parse(url.replace(/^[a-z]+:/i, isSecure ? 'https:' : 'http:'))?.port
  // Without a port, webtorrent asks UDP trackers on 80 as well.
  return {
    transport: isUdp ? 'udp' : 'tcp',
    host: host.replace(/^\[|\]$/g, ''),
    port: Number(port || (isSecure ? 443 : 80)),
  }
}

export function endpointKey({ transport, host, port }: TrackerEndpoint): string {
  return `${transport}:${host}:${port}`
}

/** @returns host in canonical form, or `undefined` if the URL is no tracker's */
export function trackerHost(url: string): string | undefined {
  if (url.length > MAX_LENGTH) return undefined
  // Whoever parses it next may see another host behind a backslash or a name before "@"; trackers have neither.
  if (/[\\@\s\p{Cc}]/u.test(url)) return undefined
  const scheme = /^([a-z]+:)\/\/[^/]/i.exec(url)?.[1]?.toLowerCase() ?? ''
  if (!SCHEMES.has(scheme)) return undefined
  // Only a URL of a scheme that browsers know has its IPv4 address brought into one form (0x7f.1 → 127.0.0.1).
  const parsed = URL.parse(url.replace(/^[a-z]+:/i, 'http:'))
  return parsed?.hostname.replace(/\.$/, '') || undefined
}
