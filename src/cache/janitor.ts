import { dirname } from 'node:path'
import type { InfoHash } from '../domain/info-hash.ts'
import { type Volume, volumeOf } from '../files/disk-space.ts'
import type { Log } from '../observe/log.ts'
import type { CacheEntry } from './cache-entry.ts'
import {
  chooseEvictions,
  chooseIdle,
  excessOver,
  type Keepable,
  protectionOf,
  shortageBelow,
} from './eviction.ts'
import { type Explanation, explainCache, reasonToKeep } from './explain.ts'
import { type Space, spaceFor } from './space.ts'

const SHORTEST_ROUND_MS = 100
const LONGEST_ROUND_MS = 60_000
/** How often the limits are looked at: what comes meanwhile may be above them. */
const LIMITS_ROUND_MS = 2_000

export interface JanitorOptions {
  /** download folder */
  readonly root: string
  /** 0 = keep for good */
  readonly idleMs: number
  /** what a graceful stop removes: what is past its idle time, everything, or nothing */
  readonly onShutdown: 'idle' | 'all' | 'none'
  /** all torrents together, bytes on disk; absent = no limit */
  readonly maxBytes?: number | undefined
  /** left free on every disk that torrents lie on */
  readonly minFreeBytes: number
}

/** What the janitor looks at. */
export interface CleanedIndex {
  entries(): readonly CacheEntry[]
}

/** Who removes what the janitor chooses. */
export interface Remover {
  isUsed(infoHash: InfoHash): boolean
  /** fetched because somebody asked for it, and not there yet */
  isAwaited(infoHash: InfoHash): boolean
  /** being fetched because somebody may want it */
  isGuessed(infoHash: InfoHash): boolean
  /** Looks at how much is on disk of what is being fetched. */
  measure(): Promise<void>
  remove(infoHashes: readonly InfoHash[]): Promise<Removal>
}

interface Removal {
  readonly removed: number
  readonly freedBytes: number
}

export interface CleanupResult extends Removal {
  /** what stays, and why */
  readonly kept: readonly { readonly infoHash: InfoHash; readonly name: string; readonly why: string }[]
}

interface Entry extends Keepable {
  readonly contents: CacheEntry['contents']
}

export interface Janitor extends AsyncDisposable {
  /** Removes everything that may go. */
  cleanup(): Promise<CleanupResult>
  /** Removes what has to go for the limits to be kept. @returns bytes freed */
  keepLimits(): Promise<number>
  /** What would go next, and why. */
  explain(): Promise<Explanation>
  /**
   * What there is to share out, seen from a torrent that is, or would be, in a folder.
   *
   * @param owed - bytes still to come of torrents that somebody asked for
   */
  spaceFor(infoHash: InfoHash, directory: string, owed: ReadonlyMap<InfoHash, number>): Promise<Space>
}

/** Removes what nobody has read for a while, and what the limits leave no room for; once more when it is disposed of. */
export function startJanitor(
  options: JanitorOptions,
  index: CleanedIndex,
  torrents: Remover,
  log: Log,
): Janitor {
  const { root, idleMs, maxBytes, minFreeBytes } = options
  let round: Promise<unknown> = Promise.resolve()
  let isOverLimit = false
  const idleTimer = setInterval(
    () => void inTurn(cleanIdle),
    Math.max(SHORTEST_ROUND_MS, Math.min(idleMs / 4, LONGEST_ROUND_MS)),
  )
  const limitsTimer = setInterval(() => void inTurn(cleanToLimits), LIMITS_ROUND_MS)

  /** One round at a time, and one that fails is not the last one. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = round.then(work)
    round = result.catch((error: unknown) => log.warn('clean-up failed', { reason: String(error) }))
    return result
  }

  function weighed(): Entry[] {
    return index.entries().map(({ contents, usage }) => ({
      contents,
      usage,
      infoHash: contents.infoHash,
      bytes: contents.bytesOnDisk,
      isUsed: torrents.isUsed(contents.infoHash),
      isGuessed: torrents.isGuessed(contents.infoHash),
      isAwaited: usage.wish !== undefined || torrents.isAwaited(contents.infoHash),
    }))
  }

  async function remove(entries: readonly Entry[], why: string): Promise<Removal> {
    if (entries.length === 0) return { removed: 0, freedBytes: 0 }
    const result = await torrents.remove(entries.map(({ infoHash }) => infoHash))
    if (result.removed > 0) log.info('cache cleaned', { ...result, why })
    return result
  }

  async function cleanIdle(): Promise<void> {
    await remove(chooseIdle(weighed(), idleMs, Date.now()), 'idle')
  }

  async function cleanToLimits(): Promise<number> {
    await torrents.measure()
    const entries = weighed()
    const used = entries.reduce((sum, { bytes }) => sum + bytes, 0)
    const tooMuch = maxBytes === undefined ? 0 : excessOver(maxBytes, used)
    const { freedBytes } = await remove(
      chooseEvictions(entries, tooMuch, idleMs, Date.now()),
      'CACHE_MAX_SIZE',
    )
    let freed = freedBytes
    let isShort = tooMuch > freed
    for (const { volume, on } of await byVolume(weighed())) {
      const shortage = shortageBelow(minFreeBytes, volume.freeBytes)
      const result = await remove(chooseEvictions(on, shortage, idleMs, Date.now()), 'CACHE_MIN_FREE')
      freed += result.freedBytes
      isShort ||= shortage > result.freedBytes
    }
    noteShortage(isShort, used)
    return freed
  }

  /** Torrents by the disk they lie on; the download folder's is always among them. */
  async function byVolume(entries: readonly Entry[]): Promise<{ volume: Volume; on: Entry[] }[]> {
    const bases = new Map<string, Entry[]>([[root, []]])
    for (const entry of entries) {
      const base = dirname(entry.contents.directory)
      bases.set(base, [...(bases.get(base) ?? []), entry])
    }
    const volumes = new Map<number, { volume: Volume; on: Entry[] }>()
    for (const [base, on] of bases) {
      const volume = await volumeOf(base)
      volumes.set(volume.id, { volume, on: [...(volumes.get(volume.id)?.on ?? []), ...on] })
    }
    return [...volumes.values()]
  }

  function noteShortage(isShort: boolean, usedBytes: number): void {
    if (isShort && !isOverLimit)
      log.warn('the cache is above its limits, and nothing more may go', {
        usedBytes,
        maxBytes,
        minFreeBytes,
      })
    isOverLimit = isShort
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
    keepLimits: () => inTurn(cleanToLimits),
    async explain() {
      await torrents.measure()
      const entries = weighed()
      const volumes = await byVolume(entries)
      return explainCache(
        {
          idleMs,
          maxBytes,
          minFreeBytes,
          freeBytes: Math.min(...volumes.map(({ volume }) => volume.freeBytes)),
        },
        entries,
        Date.now(),
      )
    },
    async spaceFor(infoHash, directory, owed) {
      await torrents.measure()
      const entries = weighed()
      const { id, freeBytes } = await volumeOf(directory)
      const beside = (await byVolume(entries)).find(({ volume }) => volume.id === id)?.on ?? []
      return spaceFor(infoHash, { maxBytes, minFreeBytes, freeBytes, entries, beside, owed })
    },
    async [Symbol.asyncDispose]() {
      clearInterval(idleTimer)
      clearInterval(limitsTimer)
      await round
      if (options.onShutdown === 'idle') await cleanIdle()
      if (options.onShutdown === 'all')
        await remove(
          weighed().filter(({ usage }) => !usage.isPinned),
          'shutdown',
        )
    },
  }
}
