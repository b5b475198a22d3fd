import { isPublicHost } from '../clients/public-host.ts'

/** Maximum number of trackers taken from one request. */
export const MAX_TRACKERS = 20

/** Characters; no tracker has a longer URL. */
const MAX_LENGTH = 500
const SCHEMES = new Set(['http:', 'https:', 'udp:', 'ws:', 'wss:'])

/** Where a tracker listens. HTTP and WebSocket share TCP ports; UDP ports are separate. */
export interface TrackerEndpoint {
  readonly transport: 'tcp' | 'udp'
  /** canonical, IPv6 without brackets */
  readonly host: string
  readonly port: number
}

/**
 * The trackers of a request that the engine may contact. A tracker URL could make the server call any host, so only
 * known schemes and only public hosts are allowed.
 *
 * @param urls - unchanged, from `?tr=` or a magnet link
 * @param trusted - trackers that the user configured; these are allowed on any host
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
 * A key that is equal for two URLs of the same tracker. The path counts, as one port may serve several trackers. The
 * query does not, nor does the path of a UDP tracker, which is never sent.
 *
 * @returns `undefined` if it is not a tracker URL
 */
export function trackerIdentity(url: string): string | undefined {
  const endpoint = trackerEndpoint(url)
  if (!endpoint) return undefined
  const path = endpoint.transport === 'udp' ? '' : URL.parse(url)?.pathname.replace(/\/$/, '')
  return `${endpointKey(endpoint)}${path}`
}

/** @returns `undefined` if it is not a tracker URL */
export function trackerEndpoint(url: string): TrackerEndpoint | undefined {
  const host = trackerHost(url)
  if (host === undefined) return undefined
  const isUdp = /^udp:/i.test(url)
  const isSecure = /^(https|wss):/i.test(url)
  const port = URL.parse(url.replace(/^[a-z]+:/i, isSecure ? 'https:' : 'http:'))?.port
  // Without a port, webtorrent also asks UDP trackers on port 80.
  return {
    transport: isUdp ? 'udp' : 'tcp',
    host: host.replace(/^\[|\]$/g, ''),
    port: Number(port || (isSecure ? 443 : 80)),
  }
}

export function endpointKey({ transport, host, port }: TrackerEndpoint): string {
  return `${transport}:${host}:${port}`
}

/** @returns host in canonical form; `undefined` if it is not a tracker URL */
export function trackerHost(url: string): string | undefined {
  if (url.length > MAX_LENGTH) return undefined
  // Parsers disagree on the host if there is a backslash or a user name before "@"; trackers use neither.
  if (/[\\@\s\p{Cc}]/u.test(url)) return undefined
  const scheme = /^([a-z]+:)\/\/[^/]/i.exec(url)?.[1]?.toLowerCase() ?? ''
  if (!SCHEMES.has(scheme)) return undefined
  // URL normalises an IPv4 address (0x7f.1 → 127.0.0.1) only for schemes that browsers know.
  const parsed = URL.parse(url.replace(/^[a-z]+:/i, 'http:'))
  return parsed?.hostname.replace(/\.$/, '') || undefined
}
