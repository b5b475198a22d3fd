import {
  endpointKey,
  type TrackerEndpoint,
  trackerEndpoint,
  trackerIdentity,
} from '../../domain/bittorrent/tracker-url.ts'
import { type Scope, scopeOf } from '../../domain/clients/address-scope.ts'

/**
 * The trackers that the user named in the settings. They may be at any address, and those in the user's own network may
 * name peers there.
 */
export class OwnTrackers {
  readonly #identities: ReadonlySet<string | undefined>
  /** how far the addresses of each reach, once they are known */
  readonly #scopes = new Map<string, Scope>()

  constructor(urls: readonly string[]) {
    this.#identities = new Set(urls.map(trackerIdentity))
    for (const endpoint of urls.map(trackerEndpoint)) {
      if (endpoint) this.#scopes.set(endpointKey(endpoint), closest([endpoint.host]))
    }
  }

  /** Whether a URL is that of one of them, but for its query. */
  has(url: string): boolean {
    const identity = trackerIdentity(url)
    return identity !== undefined && this.#identities.has(identity)
  }

  /** Whether one of them answers there. */
  isAt(endpoint: TrackerEndpoint): boolean {
    return this.#scopes.has(endpointKey(endpoint))
  }

  /** Remembers where the name of one of them led. */
  noteAddresses(endpoint: TrackerEndpoint, addresses: readonly string[]): void {
    if (this.isAt(endpoint)) this.#scopes.set(endpointKey(endpoint), closest(addresses))
  }

  /** From where a tracker tells us of peers: `internet` for all that the user did not name. */
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
