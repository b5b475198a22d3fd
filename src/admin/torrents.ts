import pLimit from 'p-limit'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { MAX_TRACKERS } from '../domain/bittorrent/tracker-url.ts'
import { SelfStremeError } from '../domain/errors.ts'
import { type Selection, type Usage, withSelected } from '../domain/usage.ts'
import type { Progress } from '../downloads/download.ts'
import type { OwnerAdditions } from '../downloads/proposers/owner-additions.ts'
import type { DownloadQueue } from '../downloads/queue.ts'
import { bytesThere, resolveSelection } from '../downloads/selected-files.ts'
import type { Log } from '../observe/log.ts'
import type { PlacedFiles } from '../placed/placed-files.ts'
import type { CacheEntry } from '../torrent-index/index-entry.ts'
import type { CacheIndex } from '../torrent-index/torrent-index.ts'
import type { TorrentService } from '../torrents/torrent-service.ts'
import { describe, type LibraryEntry } from './describe.ts'
import type { TorrentSource } from './torrent-source.ts'

export interface Addition {
  readonly source: TorrentSource
  /** what of it to fetch; absent: what its magnet link selects, else the largest video */
  readonly selection?: Selection | undefined
  /** put it there instead of the download folder; must lie under one of the extra paths */
  readonly path?: string | undefined
  /** keep it until the user says otherwise */
  readonly isPinned: boolean
}

/** The torrents on disk, in the hands of their owner. */
export interface Library {
  /**
   * Fetches a torrent, and keeps it if that is asked for. What was wished of it before no longer counts, unless it is a magnet
   * link that selects files.
   *
   * @throws SelfStremeError `wish.impossible`, `cache.no_room`, `cache.elsewhere`, `torrent.bad_path`, `disk.full`,
   * `disk.failed`
   */
  add(addition: Addition): Promise<LibraryEntry>
  /** Keeps one until the user says otherwise. @throws SelfStremeError `cache.unknown`, `cache.no_room` */
  pin(infoHash: InfoHash): Promise<LibraryEntry>
  /** @throws SelfStremeError `cache.unknown` */
  unpin(infoHash: InfoHash): Promise<LibraryEntry>
  /** Removes one from disk. @throws SelfStremeError `cache.unknown`, `cache.in_use` */
  remove(infoHash: InfoHash): Promise<{ readonly removed: number; readonly freedBytes: number }>
  /**
   * Fetches and manages one no longer; its files stay, and are the user's.
   *
   * @throws SelfStremeError `cache.unknown`, `cache.in_use`
   */
  release(infoHash: InfoHash): Promise<{ readonly keptAt: string }>
  list(): Promise<LibraryEntry[]>
  /** One of them, with all its files. @throws SelfStremeError `cache.unknown` */
  get(infoHash: InfoHash): Promise<LibraryEntry>
}

export interface LibraryParts {
  readonly index: Pick<CacheIndex, 'entries' | 'get' | 'change' | 'flush'>
  readonly torrents: TorrentService
  readonly queue: DownloadQueue
  readonly additions: OwnerAdditions
  readonly placed: Pick<PlacedFiles, 'look'>
  readonly log: Log
}

export function createLibrary(parts: LibraryParts): Library {
  const { index, torrents, queue, additions, placed, log } = parts
  /** One change at a time: what fits one by one might not fit together. */
  const inTurn = pLimit(1)

  function known(infoHash: InfoHash): CacheEntry {
    const entry = index.get(infoHash)
    if (!entry) throw new SelfStremeError('cache.unknown', `there is nothing of ${infoHash} on disk`)
    return entry
  }

  /** What is asked for, or selected by the link. */
  function selectionOf({ source: { infoHash, selected }, selection }: Addition): Selection {
    if (selection !== undefined || !selected) return selection ?? 'main'
    return withSelected(index.get(infoHash)?.usage.wish, selected)
  }

  async function add(addition: Addition): Promise<LibraryEntry> {
    const { source, path, isPinned } = addition
    const { infoHash, metainfo, trackers } = source
    const wish = selectionOf(addition)
    const info = source.info ?? (await torrents.infoOf(infoHash))
    const wanted = info && resolveSelection(info, wish)
    const before = index.get(infoHash)?.contents
    const place = await torrents.placeFor({ infoHash, path })
    if (wanted) {
      const missingBytes = wanted.bytes - (before ? bytesThere(before, wanted.files) : 0)
      await queue.assertFits(infoHash, place, { bytes: wanted.bytes, missingBytes })
    }
    using _paused = await queue.pause(infoHash)
    await torrents.admit({ infoHash, metainfo, trackers, path })
    const files = index.get(infoHash)?.contents.files ?? {}
    const isDone = wanted?.files.every((file) => files[file]?.wholeMtimeMs !== undefined) === true
    await change(infoHash, ({ wish: _wish, trackers: _trackers, ...usage }) => ({
      ...usage,
      addedAt: Date.now(),
      isPinned: isPinned || usage.isPinned,
      origin: usage.origin === 'imported' ? 'imported' : 'added',
      ...(isDone ? {} : { wish, trackers: trackers.slice(0, MAX_TRACKERS) }),
    }))
    log.info(`Added to the library: ${infoHash}`, { wish, isPinned, place })
    return describeOne(known(infoHash))
  }

  async function pin(infoHash: InfoHash): Promise<LibraryEntry> {
    const { contents, usage } = known(infoHash)
    const wanted = await additions.filesOf(infoHash)
    const missingBytes = wanted ? wanted.bytes - bytesThere(contents, wanted.files) : 0
    if (!usage.isPinned)
      await queue.assertFits(infoHash, contents.directory, {
        bytes: contents.bytesOnDisk + missingBytes,
        missingBytes,
      })
    await change(infoHash, (now) => ({ ...now, isPinned: true }))
    return describeOne(known(infoHash))
  }

  /** When this resolves, the change is on disk. */
  async function change(infoHash: InfoHash, how: (usage: Usage) => Usage): Promise<void> {
    index.change(infoHash, how)
    await index.flush()
  }

  /** Takes one out of our hands. @param how - resolves with `undefined` if that cannot be done */
  async function letGo<T>(infoHash: InfoHash, how: () => Promise<T | undefined>): Promise<T> {
    known(infoHash)
    if (torrents.isUsed(infoHash)) throw inUse(infoHash)
    using _paused = await queue.pause(infoHash)
    const result = await how()
    queue.noteRoom()
    if (result !== undefined) return result
    if (torrents.isUsed(infoHash)) throw inUse(infoHash)
    // Somebody else may have been quicker.
    known(infoHash)
    throw new SelfStremeError('disk.failed', `${infoHash} cannot be removed`)
  }

  function progressOf({ contents, usage }: CacheEntry): Progress | undefined {
    return usage.wish && (queue.find(contents.infoHash)?.progress ?? { state: 'queued' })
  }

  async function describeOne(entry: CacheEntry, isFull = true): Promise<LibraryEntry> {
    const { infoHash } = entry.contents
    return describe(
      entry,
      {
        isWatched: torrents.isUsed(infoHash),
        activity: torrents.activityOf(infoHash),
        progress: progressOf(entry),
        wanted: await additions.filesOf(infoHash),
        info: isFull ? await torrents.infoOf(infoHash) : undefined,
      },
      Date.now(),
    )
  }

  return {
    add: (addition) => inTurn(() => add(addition)),
    pin: (infoHash) => inTurn(() => pin(infoHash)),
    async unpin(infoHash) {
      known(infoHash)
      await change(infoHash, (usage) => ({ ...usage, isPinned: false }))
      queue.noteRoom()
      return describeOne(known(infoHash))
    },
    // In turn with additions: one that was removed halfway would be added again, by the watch folder at the latest.
    remove: (infoHash) =>
      inTurn(() =>
        letGo(infoHash, async () => {
          const result = await torrents.remove([infoHash])
          return result.removed > 0 ? result : undefined
        }),
      ),
    release: (infoHash) =>
      inTurn(() =>
        letGo(infoHash, async () => {
          const keptAt = await torrents.release(infoHash)
          if (keptAt === undefined) return undefined
          // From now on its films are some that the user brought.
          await placed.look(keptAt)
          return { keptAt }
        }),
      ),
    async list() {
      await torrents.measure()
      return Promise.all(index.entries().map((entry) => describeOne(entry, false)))
    },
    async get(infoHash) {
      await torrents.measure()
      return describeOne(known(infoHash))
    },
  }
}

function inUse(infoHash: InfoHash): SelfStremeError {
  return new SelfStremeError('cache.in_use', `somebody is watching ${infoHash}; try again when nobody is`)
}
