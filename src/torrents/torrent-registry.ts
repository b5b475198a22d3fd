import type { InfoHash } from '../domain/bittorrent/info-hash.ts'

/** What the registry has to know of a torrent. */
interface Registered {
  readonly infoHash: InfoHash
}

/** How torrents come into memory and leave it. */
export interface TorrentLoader<T extends Registered> {
  /** @param base - folder to put it in, if it has no folder yet */
  load(infoHash: InfoHash, base: string | undefined): Promise<T>
  /** Whether what is in memory no longer describes what is on disk. */
  isStale(torrent: T): Promise<boolean>
  /** Called for a stale torrent, before it is loaded again. */
  unload(torrent: T): Promise<void>
}

type Entry<T> =
  | { readonly kind: 'loading'; readonly torrent: Promise<T> }
  | { readonly kind: 'loaded'; readonly torrent: T }
  /** One caller has it for itself; `torrent` is absent if it was not loaded. */
  | { readonly kind: 'leaving'; readonly torrent?: T | undefined; readonly ended: Promise<void> }

/** What is left of a torrent after exclusive work on it. */
export interface Outcome<R> {
  /** it is taken out of memory */
  readonly isGone: boolean
  readonly result: R
}

/** The torrents in memory: at most one for each info hash, however many callers ask for it at once. */
export class TorrentRegistry<T extends Registered> {
  readonly #loader: TorrentLoader<T>
  readonly #entries = new Map<InfoHash, Entry<T>>()

  constructor(loader: TorrentLoader<T>) {
    this.#loader = loader
  }

  /** A torrent in memory, also while it is leaving. */
  find(infoHash: InfoHash): T | undefined {
    const entry = this.#entries.get(infoHash)
    return entry?.kind === 'loading' ? undefined : entry?.torrent
  }

  /** All of them, in the order they were loaded. */
  all(): T[] {
    return [...this.#entries.values()].flatMap((entry) =>
      entry.kind === 'loading' || !entry.torrent ? [] : [entry.torrent],
    )
  }

  /**
   * The torrent for an info hash; loads it if needed, after any exclusive work on it.
   *
   * @param use - called at once with the torrent, while it is certain to be loaded
   */
  async acquire<R>(infoHash: InfoHash, base: string | undefined, use: (torrent: T) => R): Promise<R> {
    for (;;) {
      const entry = this.#entries.get(infoHash)
      if (entry?.kind === 'leaving') {
        await entry.ended
        continue
      }
      const torrent = await (entry?.torrent ?? this.#load(infoHash, base))
      if (await this.#loader.isStale(torrent)) await this.#replaceIfStale(torrent)
      else if (this.#isLoaded(torrent)) return use(torrent)
    }
  }

  /** Resolves when no exclusive work on a torrent is under way. */
  async whenFree(infoHash: InfoHash): Promise<void> {
    for (;;) {
      const entry = this.#entries.get(infoHash)
      if (entry?.kind !== 'leaving') return
      await entry.ended
    }
  }

  /**
   * Runs work while {@link acquire} waits for it to end. One at a time for each info hash.
   *
   * @param work - is given the torrent if it is in memory. If it rejects, the torrent stays there
   */
  async exclusively<R>(
    infoHash: InfoHash,
    work: (torrent: T | undefined) => Promise<Outcome<R>>,
  ): Promise<R> {
    for (;;) {
      const entry = this.#entries.get(infoHash)
      if (entry?.kind === 'leaving') await entry.ended
      else if (entry?.kind === 'loading') await entry.torrent.catch(() => undefined)
      else return this.#leave(infoHash, entry?.torrent, work)
    }
  }

  /** Takes a torrent out of memory, unless exclusive work on it is under way. */
  forget(torrent: T): void {
    if (this.#isLoaded(torrent)) this.#entries.delete(torrent.infoHash)
  }

  #isLoaded(torrent: T): boolean {
    const entry = this.#entries.get(torrent.infoHash)
    return entry?.kind === 'loaded' && entry.torrent === torrent
  }

  #load(infoHash: InfoHash, base: string | undefined): Promise<T> {
    const loading = this.#loader.load(infoHash, base).then(
      (torrent) => {
        this.#entries.set(infoHash, { kind: 'loaded', torrent })
        return torrent
      },
      (error: unknown) => {
        this.#entries.delete(infoHash)
        throw error
      },
    )
    this.#entries.set(infoHash, { kind: 'loading', torrent: loading })
    return loading
  }

  async #leave<R>(
    infoHash: InfoHash,
    torrent: T | undefined,
    work: (torrent: T | undefined) => Promise<Outcome<R>>,
  ): Promise<R> {
    const { promise: ended, resolve } = Promise.withResolvers<void>()
    this.#entries.set(infoHash, { kind: 'leaving', torrent, ended })
    let isGone = false
    try {
      const outcome = await work(torrent)
      isGone = outcome.isGone
      return outcome.result
    } finally {
      if (torrent && !isGone) this.#entries.set(infoHash, { kind: 'loaded', torrent })
      else this.#entries.delete(infoHash)
      resolve()
    }
  }

  /** Its state may have changed while this waited for its turn. */
  #replaceIfStale(stale: T): Promise<void> {
    return this.exclusively(stale.infoHash, async (torrent) => {
      const isGone = torrent === stale && (await this.#loader.isStale(stale))
      if (isGone) await this.#loader.unload(stale)
      return { isGone, result: undefined }
    })
  }
}
