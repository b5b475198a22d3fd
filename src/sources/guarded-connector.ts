import dns, { type LookupAddress, type LookupOptions } from 'node:dns'
import { buildConnector } from 'undici'
import { isOwnNetworkAddress, isPublicAddress } from '../domain/clients/public-host.ts'
import { SelfStremeError } from '../domain/errors.ts'

/** `dns.lookup` with options. */
export type Lookup = (
  host: string,
  options: LookupOptions,
  done: (error: NodeJS.ErrnoException | null, found: string | LookupAddress[], family?: number) => void,
) => void

const CONNECT_WITHIN_MS = 10_000

/**
 * Connects to the very addresses that it has checked, so that a name cannot resolve differently in between (DNS
 * rebinding). Hosts that are IP addresses are not looked up, and not checked here.
 *
 * @param isTrusted - whether the user configured this host and port; it may then be in a private network
 */
export function guardedConnector(
  isTrusted: (host: string, port: string) => boolean,
  lookup: Lookup = dns.lookup as Lookup,
): buildConnector.connector {
  const connectorTo = (isAllowed: (address: string) => boolean) =>
    buildConnector({ timeout: CONNECT_WITHIN_MS, allowH2: false, lookup: checked(lookup, isAllowed) })
  const outside = connectorTo(isPublicAddress)
  const trusted = connectorTo((address) => isPublicAddress(address) || isOwnNetworkAddress(address))
  return (options, done) => {
    const port = options.port || (options.protocol === 'https:' ? '443' : '80')
    const connect = isTrusted(options.hostname, port) ? trusted : outside
    connect(options, done)
  }
}

function checked(lookup: Lookup, isAllowed: (address: string) => boolean): Lookup {
  return (host, options, done) =>
    lookup(host, options, (error, found, family) => {
      const addresses = Array.isArray(found) ? found.map(({ address }) => address) : [found]
      if (error || addresses.every(isAllowed)) return done(error, found, family)
      done(new SelfStremeError('fetch.forbidden', `${host} resolves to a private address`), [])
    })
}
