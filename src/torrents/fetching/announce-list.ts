import { MAX_TRACKERS, trackerEndpoint, trackerIdentity } from '../../domain/bittorrent/tracker-url.ts'
import type { KeptTrackers } from '../../storage/folder-state.ts'

/** A torrent has one or two trackers that matter; a viewer's link names those of the list it was in. */
export const MAX_TRACKERS_PER_CLIENT = 5

/**
 * The trackers that are asked for one torrent. Those of the settings always are; sources, and the user, may name
 * {@link MAX_TRACKERS} more; what they leave free is for the links of viewers, which anyone can write. Within a rank the
 * first stays, so that no client can push out the trackers that others need.
 *
 * A private torrent has none but {@link ofTorrent} (BEP 27).
 */
export class AnnounceList {
  readonly #own: readonly string[]
  readonly #ownKeys: ReadonlySet<string>
  /** URLs by their identity */
  readonly #sources = new Map<string, string>()
  readonly #viewers = new Map<string, { readonly url: string; readonly client: string }>()
  /** those of its torrent file, or else those that sources name, including those of the settings */
  #ofTorrent: KeptTrackers = { urls: [], areOfFile: false }

  /** @param own - trackers of the settings */
  constructor(own: readonly string[]) {
    this.#own = own
    this.#ownKeys = new Set(own.map(keyOf))
  }

  get urls(): string[] {
    const viewers = [...this.#viewers.values()].map(({ url }) => url)
    return [...new Set([...this.#own, ...this.#sources.values(), ...viewers])]
  }

  /** The torrent's own: those of its torrent file or, until that is known, those that sources and the owner named. */
  get ofTorrent(): KeptTrackers {
    return this.#ofTorrent
  }

  /** Adds those that a list, a magnet link or the owner named. */
  addFromSource(urls: readonly string[]): void {
    if (!this.#ofTorrent.areOfFile) {
      const named = [...new Set([...this.#ofTorrent.urls, ...urls])]
      this.#ofTorrent = { urls: named.slice(0, MAX_TRACKERS), areOfFile: false }
    }
    for (const url of urls) {
      const key = keyOf(url)
      if (this.#ownKeys.has(key) || this.#sources.has(key) || this.#sources.size >= MAX_TRACKERS) continue
      this.#sources.set(key, url)
      this.#viewers.delete(key)
    }
    // The last ones give way.
    for (const key of [...this.#viewers.keys()].slice(this.#free)) this.#viewers.delete(key)
  }

  /** Adds those of the torrent file. The last file counts: a user may get a new key. */
  addFromFile(urls: readonly string[]): void {
    if (urls.length > 0) this.#ofTorrent = { urls: urls.slice(0, MAX_TRACKERS), areOfFile: true }
    this.addFromSource(urls)
  }

  /** Adds those of a client's link. */
  addFromClient(client: string, urls: readonly string[]): void {
    for (const url of urls) {
      const key = keyOf(url)
      if (this.#ownKeys.has(key) || this.#sources.has(key) || this.#viewers.has(key)) continue
      const named = [...this.#viewers.values()].filter((each) => each.client === client).length
      if (named >= MAX_TRACKERS_PER_CLIENT || this.#viewers.size >= this.#free) return
      this.#viewers.set(key, { url, client })
    }
  }

  get #free(): number {
    return MAX_TRACKERS - this.#sources.size
  }
}

/** The path of a UDP tracker is never sent, so it does not count; that of an HTTP tracker may matter. */
function keyOf(url: string): string {
  const identity = trackerEndpoint(url)?.transport === 'udp' ? trackerIdentity(url) : undefined
  return identity ?? url
}
