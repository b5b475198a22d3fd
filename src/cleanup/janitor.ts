import { setTimeout as sleep } from 'node:timers/promises'
import pLimit from 'p-limit'
import type { DiskRoom } from '../disk/disk-room.ts'
import { volumeOf } from '../disk/volume.ts'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { Log } from '../observe/log.ts'
import type { CacheEntry } from '../torrent-index/index-entry.ts'
import { baseOf, bytesByBase, disksOf } from './disks.ts'
import { chooseIdle, protectionOf } from './eviction.ts'
import { type Explanation, explainCache, reasonToKeep } from './explain.ts'
import { type Limits, type Lock, limitKeeper, type Weighed } from './limits.ts'
import { type Space, spaceFor } from './space.ts'

const MIN_INTERVAL_MS = 100
const MAX_INTERVAL_MS = 60_000
/** Interval between checks of the disks; shorter while a download waits for space, which the user may free by hand. */
const LIMITS_ROUND_MS = { usual: 2_000, short: 500 }

export interface JanitorOptions extends Limits {
  /** what to remove on shutdown: idle torrents, everything, or nothing */
  readonly onShutdown: 'idle' | 'all' | 'none'
}

/** The torrents that the janitor cleans up. */
export interface CleanedIndex {
  entries(): readonly CacheEntry[]
}

/** Removes torrents for the janitor. */
export interface Remover {
  isUsed(infoHash: InfoHash): boolean
  /** whether it is a requested download that is not complete */
  isAwaited(infoHash: InfoHash): boolean
  /** whether it is being downloaded ahead as a guess */
  isGuessed(infoHash: InfoHash): boolean
  /** Updates the size on disk of torrents that are downloading. */
  measure(): Promise<void>
  remove(infoHashes: readonly InfoHash[]): Promise<Removal>
}

interface Removal {
  readonly removed: number
  readonly freedBytes: number
}

export interface CleanupResult extends Removal {
  /** what was kept, and why */
  readonly kept: readonly { readonly infoHash: InfoHash; readonly name: string; readonly why: string }[]
}

export interface Janitor extends AsyncDisposable {
  /** Removes everything that may be removed. */
  cleanup(): Promise<CleanupResult>
  /** Enforces the limits. @returns bytes freed */
  keepLimits(): Promise<number>
  /** What would be removed next, and why. */
  explain(): Promise<Explanation>
  /**
   * The available space from the view of a torrent that is, or would be, in a folder.
   *
   * @param owed - bytes still to be downloaded of requested torrents
   */
  spaceFor(infoHash: InfoHash, directory: string, owed: ReadonlyMap<InfoHash, number>): Promise<Space>
}

/**
 * Removes idle torrents, and those that exceed the limits; a last time when it is disposed of.
 *
 * @param room - is told the available space, and asks for more
 */
export function startJanitor(
  options: JanitorOptions,
  index: CleanedIndex,
  torrents: Remover,
  room: DiskRoom,
  lock: Lock,
  log: Log,
): Janitor {
  const { root, idleMs, maxBytes, minFreeBytes } = options
  const cache = {
    measure: () => torrents.measure(),
    bytesByBase: () => bytesByBase(index.entries()),
    weighed,
    remove: async (entries: readonly Weighed[], why: string) => (await remove(entries, why)).freedBytes,
  }
  const keepLimits = limitKeeper(options, cache, room, lock, log)
  const oneAtATime = pLimit(1)
  let upcoming: Promise<void> | undefined
  let lookedAt = Number.NEGATIVE_INFINITY
  const idleTimer = setInterval(
    () => void inTurn(cleanIdle),
    Math.max(MIN_INTERVAL_MS, Math.min(idleMs / 4, MAX_INTERVAL_MS)),
  )
  const limitsTimer = setInterval(() => {
    if (room.isShort || performance.now() - lookedAt >= LIMITS_ROUND_MS.usual) void look()
  }, LIMITS_ROUND_MS.short)
  room.servedBy(look)

  /** One round at a time; a failed round does not stop the next. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = oneAtATime(work)
    result.catch((error: unknown) => log.warn('clean-up failed', { reason: String(error) }))
    return result
  }

  /** Callers before it begins share one check; after a check that freed nothing, the next one is delayed. */
  function look(): Promise<void> {
    upcoming ??= inTurn(async () => {
      if (room.isShort) await sleep(Math.max(0, lookedAt + LIMITS_ROUND_MS.short - performance.now()))
      upcoming = undefined
      await keepLimits()
      lookedAt = performance.now()
    }).catch(() => undefined)
    return upcoming
  }

  function weighed(): Weighed[] {
    const isHeld = lock.isHeld()
    return index.entries().map((entry) => {
      const { contents, usage } = entry
      const { infoHash } = contents
      return {
        contents,
        usage,
        infoHash,
        bytes: contents.bytesOnDisk,
        isUsed: torrents.isUsed(infoHash),
        isAwaited: usage.wish !== undefined || torrents.isAwaited(infoHash),
        isGuessed: torrents.isGuessed(infoHash),
        isReadOnly: !isHeld || room.isReadOnly(baseOf(entry)),
      }
    })
  }

  async function remove(entries: readonly Weighed[], why: string): Promise<Removal> {
    if (entries.length === 0) return { removed: 0, freedBytes: 0 }
    const result = await torrents.remove(entries.map(({ infoHash }) => infoHash))
    if (result.removed > 0) log.info('cache cleaned', { ...result, why })
    return result
  }

  async function cleanIdle(): Promise<void> {
    await remove(chooseIdle(weighed(), idleMs, Date.now()), 'idle')
  }

  return {
    cleanup: () =>
      inTurn(async () => {
        const now = Date.now()
        const may = weighed().filter((entry) => protectionOf(entry, idleMs, now) === undefined)
        const result = await remove(may, 'asked for')
        const kept = weighed().map((entry) => ({
          infoHash: entry.infoHash,
          name: entry.contents.name,
          why: reasonToKeep(protectionOf(entry, idleMs, now) ?? 'used', entry.usage, now),
        }))
        return { ...result, kept }
      }),
    keepLimits: () => inTurn(keepLimits),
    async explain() {
      await torrents.measure()
      const entries = weighed()
      const disks = await disksOf([root, ...entries.map(baseOf)])
      return explainCache(
        {
          idleMs,
          maxBytes,
          minFreeBytes,
          freeBytes: Math.min(...disks.map(({ volume }) => volume.freeBytes)),
        },
        entries,
        Date.now(),
      )
    },
    async spaceFor(infoHash, directory, owed) {
      await torrents.measure()
      const entries = weighed()
      const { id, freeBytes } = await volumeOf(directory)
      const disks = await disksOf(entries.map(baseOf))
      const bases = new Set(disks.find(({ volume }) => volume.id === id)?.bases)
      const beside = entries.filter((entry) => bases.has(baseOf(entry)))
      return spaceFor(infoHash, { maxBytes, minFreeBytes, freeBytes, entries, beside, owed })
    },
    async [Symbol.asyncDispose]() {
      clearInterval(idleTimer)
      clearInterval(limitsTimer)
      room.servedBy(async () => undefined)
      await oneAtATime(async () => undefined)
      if (options.onShutdown === 'idle') await cleanIdle()
      if (options.onShutdown === 'all')
        await remove(
          weighed().filter(({ usage }) => !usage.isPinned),
          'shutdown',
        )
    },
  }
}
