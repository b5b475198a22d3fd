import dns, { type LookupAddress, type LookupOptions } from 'node:dns'
import { buildConnector } from 'undici'
import { isOwnNetworkAddress, isPublicAddress } from '../domain/clients/public-host.ts'
import { SelfStremeError } from '../domain/errors.ts'

/** As `dns.lookup` with options. */
export type Lookup = (
  host: string,
  options: LookupOptions,
  done: (error: NodeJS.ErrnoException | null, found: string | LookupAddress[], family?: number) => void,
) => void

const CONNECT_WITHIN_MS = 10_000

/**
 * Opens connections to where a name really leads: the addresses that are checked are those that are connected to, so a
 * name cannot lead elsewhere between the two. Hosts that are addresses themselves are not looked up, and not checked.
 *
 * @param isTrusted - whether the user named this host and port, which may then be in a network of their own too
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
      done(new SelfStremeError('fetch.forbidden', `${host} leads to a private address`), [])
    })
}
