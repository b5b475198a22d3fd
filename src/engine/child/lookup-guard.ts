import dns, { type LookupAddress } from 'node:dns'
import ipaddr from 'ipaddr.js'

type LookupCallback = (
  error: NodeJS.ErrnoException | null,
  address?: string | LookupAddress[],
  family?: number,
) => void

/**
 * Keeps names that strangers chose (a tracker's in a magnet link) from leading to private hosts. The only names this
 * process looks up are those of trackers and of DHT routers; peers come as addresses. The check sits at the lookup
 * itself, so there is no moment between checking a name and connecting to it.
 *
 * @param trustedHosts - host names that may be anywhere
 */
export function installLookupGuard(trustedHosts: ReadonlySet<string>): void {
  const lookup = dns.lookup as (host: string, options: object, done: LookupCallback) => void

  const guarded = (host: string, options: object | number | LookupCallback, done?: LookupCallback) => {
    const callback = typeof options === 'function' ? (options as LookupCallback) : done
    const settings =
      typeof options === 'object' ? options : typeof options === 'number' ? { family: options } : {}
    lookup(host, settings, (error, found, family) => {
      const addresses = Array.isArray(found) ? found.map(({ address }) => address) : [found ?? '']
      if (error || trustedHosts.has(host) || ipaddr.isValid(host) || addresses.every(isPublic)) {
        return callback?.(error, found, family)
      }
      callback?.(Object.assign(new Error(`${host} is a private host`), { code: 'EACCES' }))
    })
  }
  dns.lookup = guarded as unknown as typeof dns.lookup
}

function isPublic(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'unicast'
}
