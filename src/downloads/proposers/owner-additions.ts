import type { Need } from '../../cleanup/fits.ts'
import type { InfoHash } from '../../domain/bittorrent/info-hash.ts'
import type { TorrentInfo } from '../../domain/bittorrent/metainfo.ts'
import type { Selection } from '../../domain/usage.ts'
import type { CacheEntry } from '../../torrent-index/index-entries.ts'
import type { CacheIndex } from '../../torrent-index/torrent-index.ts'
import type { FetchAhead } from '../../torrents/fetch-ahead.ts'
import type { Proposal } from '../download.ts'
import type { Proposer } from '../queue.ts'
import { needOfFiles, resolveSelection, type SelectedFiles } from '../selected-files.ts'

type Index = Pick<CacheIndex, 'entries' | 'get' | 'change' | 'flush'>

/**
 * Proposes what the owner added, until it is complete; with the info hash as the id. It is noted in the torrent's usage
 * (`wish`), and so outlasts a restart.
 */
export class OwnerAdditions implements Proposer {
  readonly #index: Index
  readonly #torrents: Pick<FetchAhead, 'infoOf'>
  /** of the selections whose metadata was read */
  readonly #files = new Map<InfoHash, { readonly selection: Selection; readonly files: SelectedFiles }>()

  constructor(index: Index, torrents: Pick<FetchAhead, 'infoOf'>) {
    this.#index = index
    this.#torrents = torrents
  }

  proposals(): Proposal[] {
    const added = this.#index.entries().flatMap((entry) => this.#proposalOf(entry) ?? [])
    const proposed = new Set(added.map(({ infoHash }) => infoHash))
    for (const infoHash of this.#files.keys()) if (!proposed.has(infoHash)) this.#files.delete(infoHash)
    return added
  }

  /** The files that were added; `undefined` once they are complete, and while the metadata is not known. */
  async filesOf(infoHash: InfoHash): Promise<SelectedFiles | undefined> {
    const selection = this.#index.get(infoHash)?.usage.wish
    if (selection === undefined) return undefined
    const known = this.#files.get(infoHash)
    if (known?.selection === selection) return known.files
    const info = await this.#torrents.infoOf(infoHash)
    try {
      return info && this.#resolve(infoHash, info, selection)
    } catch {
      // The torrent does not have them. The download fails when its turn comes, and says so.
      return undefined
    }
  }

  #proposalOf({ contents: { infoHash }, usage }: CacheEntry): Proposal | undefined {
    const { wish, trackers = [], addedAt } = usage
    if (wish === undefined) return undefined
    return {
      id: infoHash,
      infoHash,
      trackers,
      priority: 'wanted',
      addedAt,
      choose: (info) => ({ name: info.name, portion: { files: this.#resolve(infoHash, info, wish).files } }),
      needOf: () => this.#needOf(infoHash),
      noteFetched: async () => {
        // Its idle time counts from here.
        this.#index.change(infoHash, ({ wish: _wish, trackers: _trackers, ...usage }) => ({
          ...usage,
          lastReadAt: Date.now(),
        }))
        await this.#index.flush()
      },
    }
  }

  async #needOf(infoHash: InfoHash): Promise<Need | undefined> {
    const files = await this.filesOf(infoHash)
    const contents = this.#index.get(infoHash)?.contents
    return files && contents && needOfFiles(files, contents)
  }

  /** @throws SelfStremeError `wish.impossible` */
  #resolve(infoHash: InfoHash, info: TorrentInfo, selection: Selection): SelectedFiles {
    const files = resolveSelection(info, selection)
    this.#files.set(infoHash, { selection, files })
    return files
  }
}
