import ipaddr from 'ipaddr.js'

/** The most trackers taken from one request. */
export const MAX_TRACKERS = 20

const SCHEMES = new Set(['http:', 'https:', 'udp:', 'ws:', 'wss:'])
const LOCAL_NAME = /(^|\.)(localhost|local|internal|intranet|lan|home\.arpa)$/

/**
 * Which of the trackers that came with a request the engine may talk to. It fetches them itself, so a tracker URL
 * is a way to make the server call any host: only known schemes, and only hosts out on the internet.
 *
 * @param urls - as they came, from `?tr=` or a magnet link
 * @param trusted - the trackers the user configured; their hosts are allowed wherever they are
 */
export function allowedTrackers(urls: readonly string[], trusted: readonly string[]): string[] {
  const trustedHosts = new Set(trusted.map(hostOf))
  return [...new Set(urls)]
    .filter((url) => {
      const host = hostOf(url)
      return host !== undefined && (trustedHosts.has(host) || isPublicHost(host))
    })
    .slice(0, MAX_TRACKERS)
}

/** @returns host in canonical form, or `undefined` if the URL is no tracker's */
function hostOf(url: string): string | undefined {
  const parsed = URL.parse(url)
  if (!parsed || !SCHEMES.has(parsed.protocol) || !parsed.hostname) return undefined
  // Only a URL of a known scheme has its IPv4 address brought into one form (0x7f.1 → 127.0.0.1).
  const canonical = URL.parse(`http://${parsed.host}/`)?.hostname
  return canonical?.replace(/\.$/, '')
}

function isPublicHost(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '')
  if (ipaddr.isValid(address)) return ipaddr.process(address).range() === 'unicast'
  return host.includes('.') && !LOCAL_NAME.test(host)
}
