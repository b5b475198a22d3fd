import dns, { type LookupAddress } from 'node:dns'
import ipaddr from 'ipaddr.js'
import { isPublicAddress, isPublicHost } from '../../domain/public-host.ts'
import { trackerHost } from '../../domain/tracker-url.ts'

type LookupCallback = (
  error: NodeJS.ErrnoException | null,
  address?: string | LookupAddress[],
  family?: number,
) => void

const MOST_REDIRECTS = 3

/**
 * Keeps what strangers chose (a tracker in a magnet link, and where it redirects to) from leading to private hosts.
 * The only names this process looks up are those of trackers and of DHT routers; peers come as addresses. The check
 * sits at the lookup and at the fetch themselves, so there is no moment between checking and connecting.
 *
 * Call it before webtorrent is loaded, which keeps the `fetch` it finds.
 *
 * @param trustedTrackers - their hosts may be anywhere
 */
export function installLookupGuard(trustedTrackers: readonly string[]): void {
  const trusted = new Set(trustedTrackers.map(trackerHost))
  guardLookup(trusted)
  guardFetch((host) => trusted.has(host) || isPublicHost(host))
}

function guardLookup(trusted: ReadonlySet<string | undefined>): void {
  const lookup = dns.lookup as (host: string, options: object, done: LookupCallback) => void

  const guarded = (host: string, options: object | number | LookupCallback, done?: LookupCallback) => {
    const callback = typeof options === 'function' ? (options as LookupCallback) : done
    const settings =
      typeof options === 'object' ? options : typeof options === 'number' ? { family: options } : {}
    lookup(host, settings, (error, found, family) => {
      const addresses = Array.isArray(found) ? found.map(({ address }) => address) : [found ?? '']
      if (error || trusted.has(host) || ipaddr.isValid(host) || addresses.every(isPublicAddress)) {
        return callback?.(error, found, family)
      }
      callback?.(Object.assign(new Error(`${host} is a private host`), { code: 'EACCES' }))
    })
  }
  dns.lookup = guarded as unknown as typeof dns.lookup
}

/** Follows redirects by hand, so that each one is looked at. */
function guardFetch(isAllowed: (host: string) => boolean): void {
  const plainFetch = globalThis.fetch
  globalThis.fetch = async (input, init) => {
    let url = new URL(input instanceof Request ? input.url : input)
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      if (!/^https?:$/.test(url.protocol) || !isAllowed(url.hostname))
        throw new TypeError(`${url.host} is a private host`)
      const answer = await plainFetch(url, { ...init, redirect: 'manual' })
      const location = answer.headers.get('location')
      if (answer.status < 300 || answer.status > 399 || location === null) return answer
      await answer.body?.cancel()
      url = new URL(location, url)
    }
    throw new TypeError(`${url.host} redirects too often`)
  }
}
