import { isPublicHost } from './public-host.ts'

/** The most trackers taken from one request. */
export const MAX_TRACKERS = 20

const SCHEMES = new Set(['http:', 'https:', 'udp:', 'ws:', 'wss:'])

/**
 * Which of the trackers that came with a request the engine may talk to. It fetches them itself, so a tracker URL
 * is a way to make the server call any host: only known schemes, and only hosts out on the internet.
 *
 * @param urls - as they came, from `?tr=` or a magnet link
 * @param trusted - the trackers the user configured; their hosts are allowed wherever they are
 */
export function allowedTrackers(urls: readonly string[], trusted: readonly string[]): string[] {
  const trustedHosts = new Set(trusted.map(trackerHost))
  return [...new Set(urls)]
    .filter((url) => {
      const host = trackerHost(url)
      return host !== undefined && (trustedHosts.has(host) || isPublicHost(host))
    })
    .slice(0, MAX_TRACKERS)
}

/** @returns host in canonical form, or `undefined` if the URL is no tracker's */
export function trackerHost(url: string): string | undefined {
  // Whoever parses it next may see another host behind a backslash or a name before "@"; trackers have neither.
  if (/[\\@\s\p{Cc}]/u.test(url)) return undefined
  const scheme = /^([a-z]+:)\/\/[^/]/i.exec(url)?.[1]?.toLowerCase() ?? ''
  if (!SCHEMES.has(scheme)) return undefined
  // Only a URL of a scheme that browsers know has its IPv4 address brought into one form (0x7f.1 → 127.0.0.1).
  const parsed = URL.parse(url.replace(/^[a-z]+:/i, 'http:'))
  return parsed?.hostname.replace(/\.$/, '') || undefined
}
