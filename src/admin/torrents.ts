import pLimit from 'p-limit'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { MAX_TRACKERS } from '../domain/bittorrent/tracker-url.ts'
import { SelfStremeError } from '../domain/errors.ts'
import { type Selection, type Usage, withSelected } from '../domain/usage.ts'
import type { OwnerAdditions } from '../downloads/proposers/owner-additions.ts'
import type { DownloadQueue } from '../downloads/queue.ts'
import { isComplete, needOfFiles, resolveSelection } from '../downloads/selected-files.ts'
import type { Log } from '../observe/log.ts'
import type { PlacedFiles } from '../placed/placed-files.ts'
import type { CacheEntry } from '../torrent-index/index-entries.ts'
import type { CacheIndex } from '../torrent-index/torrent-index.ts'
import type { TorrentService } from '../torrents/torrent-service.ts'
import { describe, type TorrentEntry } from './describe.ts'
import type { TorrentSource } from './torrent-source.ts'

export interface Addition {
  readonly source: TorrentSource
  /** which files to download; absent: those that its magnet link selects, otherwise the largest video */
  readonly selection?: Selection | undefined
  /** where to put it, instead of the download folder; must be under one of the extra paths */
  readonly path?: string | undefined
  /** keep it until the owner unpins it */
  readonly isPinned: boolean
}

export interface OwnerParts {
  readonly index: Pick<CacheIndex, 'entries' | 'get' | 'change' | 'flush'>
  readonly torrents: TorrentService
  readonly queue: DownloadQueue
  readonly additions: OwnerAdditions
  readonly placed: Pick<PlacedFiles, 'look'>
  readonly log: Log
}

/** What the owner can do with the torrents on disk. All methods but `add` and `list` throw `cache.unknown`. */
export class OwnerTorrents {
  readonly #parts: OwnerParts
  /** One change at a time: two that fit one by one might not fit together. */
  readonly #inTurn = pLimit(1)

  constructor(parts: OwnerParts) {
    this.#parts = parts
  }

  /**
   * Downloads a torrent. Its selection replaces the one that it had, except that what a magnet link selects is added to it.
   *
   * @throws SelfStremeError `wish.impossible`, `cache.no_room`, `cache.elsewhere`, `torrent.bad_path`, `disk.full`,
   * `disk.failed`
   */
  add(addition: Addition): Promise<TorrentEntry> {
    return this.#inTurn(() => this.#add(addition))
  }

  /** Keeps a torrent until it is unpinned. @throws SelfStremeError `cache.no_room` */
  pin(infoHash: InfoHash): Promise<TorrentEntry> {
    return this.#inTurn(async () => {
      const { contents, usage } = this.#entry(infoHash)
      const files = await this.#parts.additions.filesOf(infoHash)
      const { missingBytes } = files ? needOfFiles(files, contents) : { missingBytes: 0 }
      const need = { bytes: contents.bytesOnDisk + missingBytes, missingBytes }
      if (!usage.isPinned) await this.#parts.queue.assertFits(infoHash, contents.directory, need)
      return this.#change(infoHash, (now) => ({ ...now, isPinned: true }))
    })
  }

  async unpin(infoHash: InfoHash): Promise<TorrentEntry> {
    this.#entry(infoHash)
    const entry = await this.#change(infoHash, (usage) => ({ ...usage, isPinned: false }))
    this.#parts.queue.noteRoom()
    return entry
  }

  /** Removes a torrent from disk. @throws SelfStremeError `cache.in_use`, `disk.failed` */
  remove(infoHash: InfoHash): Promise<{ readonly removed: number; readonly freedBytes: number }> {
    return this.#drop(infoHash, async () => {
      const result = await this.#parts.torrents.remove([infoHash])
      return result.removed > 0 ? result : undefined
    })
  }

  /** Stops managing a torrent: its files stay, and are the user's. @throws SelfStremeError `cache.in_use`, `disk.failed` */
  release(infoHash: InfoHash): Promise<{ readonly keptAt: string }> {
    return this.#drop(infoHash, async () => {
      const keptAt = await this.#parts.torrents.release(infoHash)
      if (keptAt === undefined) return undefined
      // Its complete films are placed files from now on.
      await this.#parts.placed.look(keptAt)
      return { keptAt }
    })
  }

  async list(): Promise<TorrentEntry[]> {
    await this.#parts.torrents.measure()
    return Promise.all(this.#parts.index.entries().map((entry) => this.#describe(entry, false)))
  }

  /** One torrent, with all its files. */
  async get(infoHash: InfoHash): Promise<TorrentEntry> {
    await this.#parts.torrents.measure()
    return this.#describe(this.#entry(infoHash), true)
  }

  async #add(addition: Addition): Promise<TorrentEntry> {
    const { index, torrents, queue, log } = this.#parts
    const { source, path, isPinned } = addition
    const { infoHash, metainfo, trackers } = source
    const wish = this.#selectionOf(addition)
    const info = source.info ?? (await torrents.infoOf(infoHash))
    const selected = info && resolveSelection(info, wish)
    const directory = await torrents.placeFor({ infoHash, path })
    if (selected)
      await queue.assertFits(infoHash, directory, needOfFiles(selected, index.get(infoHash)?.contents))
    using _paused = await queue.pause(infoHash)
    await torrents.admit({ infoHash, metainfo, trackers, path })
    const contents = index.get(infoHash)?.contents
    const isDone = contents && selected?.files.every((file) => isComplete(contents, file))
    const entry = await this.#change(infoHash, ({ wish: _wish, trackers: _trackers, ...usage }) => ({
      ...usage,
      addedAt: Date.now(),
      isPinned: isPinned || usage.isPinned,
      origin: usage.origin === 'imported' ? 'imported' : 'added',
      ...(isDone ? {} : { wish, trackers: trackers.slice(0, MAX_TRACKERS) }),
    }))
    log.info('torrent added', { infoHash, files: wish, isPinned, directory })
    return entry
  }

  #selectionOf({ source: { infoHash, selected }, selection }: Addition): Selection {
    if (selection !== undefined || !selected) return selection ?? 'main'
    return withSelected(this.#parts.index.get(infoHash)?.usage.wish, selected)
  }

  #entry(infoHash: InfoHash): CacheEntry {
    const entry = this.#parts.index.get(infoHash)
    if (!entry) throw new SelfStremeError('cache.unknown', `${infoHash} is not on disk`)
    return entry
  }

  /** When this resolves, the change is on disk. */
  async #change(infoHash: InfoHash, how: (usage: Usage) => Usage): Promise<TorrentEntry> {
    this.#parts.index.change(infoHash, how)
    await this.#parts.index.flush()
    return this.#describe(this.#entry(infoHash), true)
  }

  /** In turn with additions: the watch folder would add a torrent again that is removed while it is being added. */
  #drop<T>(infoHash: InfoHash, how: () => Promise<T | undefined>): Promise<T> {
    const { torrents, queue } = this.#parts
    return this.#inTurn(async () => {
      this.#entry(infoHash)
      // First: a download that is just beginning would count as a use.
      using _paused = await queue.pause(infoHash)
      if (torrents.isUsed(infoHash)) throw inUse(infoHash)
      const result = await how()
      queue.noteRoom()
      if (result !== undefined) return result
      if (torrents.isUsed(infoHash)) throw inUse(infoHash)
      // Clean-up may have removed it meanwhile.
      this.#entry(infoHash)
      throw new SelfStremeError('disk.failed', `${infoHash} cannot be removed`)
    })
  }

  async #describe(entry: CacheEntry, isFull: boolean): Promise<TorrentEntry> {
    const { torrents, queue, additions } = this.#parts
    const { infoHash } = entry.contents
    const progress = queue.find(infoHash)?.progress ?? { state: 'queued' as const }
    return describe(
      entry,
      {
        isWatched: torrents.isUsed(infoHash),
        activity: torrents.activityOf(infoHash),
        progress: entry.usage.wish && progress,
        wanted: await additions.filesOf(infoHash),
        info: isFull ? await torrents.infoOf(infoHash) : undefined,
      },
      Date.now(),
    )
  }
}

function inUse(infoHash: InfoHash): SelfStremeError {
  return new SelfStremeError('cache.in_use', `${infoHash} is being watched; try again later`)
}
