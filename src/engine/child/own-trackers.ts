import {
  endpointKey,
  type TrackerEndpoint,
  trackerEndpoint,
  trackerIdentity,
} from '../../domain/bittorrent/tracker-url.ts'
import { mayNamePeer, type Scope, scopeOf } from '../../domain/clients/address-scope.ts'

/**
 * The trackers that are named in the settings. They may have any address, and those in the user's network may name peers
 * there.
 */
export class OwnTrackers {
  readonly #identities: ReadonlySet<string | undefined>
  /** the scope of each one's addresses, once known */
  readonly #scopes = new Map<string, Scope>()

  constructor(urls: readonly string[]) {
    this.#identities = new Set(urls.map(trackerIdentity))
    for (const endpoint of urls.map(trackerEndpoint)) {
      if (endpoint) this.#scopes.set(endpointKey(endpoint), closest([endpoint.host]))
    }
  }

  /** Whether a URL is that of one of them; the query may differ. */
  has(url: string): boolean {
    const identity = trackerIdentity(url)
    return identity !== undefined && this.#identities.has(identity)
  }

  /** Whether one of them has this host and port. */
  isAt(endpoint: TrackerEndpoint): boolean {
    return this.#scopes.has(endpointKey(endpoint))
  }

  /** Records the addresses of one of them. */
  noteAddresses(endpoint: TrackerEndpoint, addresses: readonly string[]): void {
    if (this.isAt(endpoint)) this.#scopes.set(endpointKey(endpoint), closest(addresses))
  }

  /** Whether any of them may name a peer at this address. */
  mayName(host: string): boolean {
    return [...this.#scopes.values()].some((scope) => mayNamePeer(scope, host))
  }

  /** The scope in which a tracker may name peers: `internet` for all that the settings do not name. */
  scopeOf(url: string): Scope {
    const endpoint = trackerEndpoint(url)
    const scope = endpoint && this.has(url) ? this.#scopes.get(endpointKey(endpoint)) : undefined
    return scope ?? 'internet'
  }
}

function closest(addresses: readonly string[]): Scope {
  const scopes = new Set(addresses.map(scopeOf))
  return (['machine', 'network'] as const).find((scope) => scopes.has(scope)) ?? 'internet'
}
