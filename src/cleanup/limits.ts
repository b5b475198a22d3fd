import type { DiskRoom, MeasuredDisk } from '../disk/disk-room.ts'
import type { Log } from '../observe/log.ts'
import type { CacheEntry } from '../torrent-index/index-entry.ts'
import { baseOf, type Disk, disksOf } from './disks.ts'
import { chooseForRoom, type EvictionCandidate, excessOver, shortageBelow } from './eviction.ts'
import { ShortageLog } from './shortage-log.ts'

/** If a write fails although the disk has free space (a quota), at least this much is evicted. */
const REFUSED_BYTES = 8 * 1024 * 1024
/** By then, waiting writes have been retried, which shows whether the eviction was enough. */
const REFUSED_AGAIN_MS = 2_000

export interface Limits {
  /** download folder */
  readonly root: string
  /** 0 = never idle */
  readonly idleMs: number
  /** limit for all torrents together, bytes on disk; absent = none */
  readonly maxBytes?: number | undefined
  /** to be left free on every disk with torrents */
  readonly minFreeBytes: number
}

/** A torrent on disk, as weighed by the limits. */
export interface Weighed extends EvictionCandidate {
  readonly contents: CacheEntry['contents']
}

/** The torrents that the limits apply to. */
export interface LimitedCache {
  /** Updates the size on disk of torrents that are downloading. */
  measure(): Promise<void>
  /** Bytes on disk, by the folder that contains the torrents: faster than weighing each of them. */
  bytesByBase(): ReadonlyMap<string, number>
  weighed(): readonly Weighed[]
  /** @returns bytes freed */
  remove(entries: readonly Weighed[], why: string): Promise<number>
}

/** Whether this server is the only one that may write to the download folder. */
export interface Lock {
  isHeld(): boolean
}

/**
 * Enforces the limits, and grants how much may be downloaded within them. What is wanted next counts as if it were
 * there: idle films are evicted before a download reaches a limit, not after.
 *
 * The limits differ. CACHE_MIN_FREE protects other users of the disk: when nothing more can be evicted, downloading
 * pauses. CACHE_MAX_SIZE bounds what is kept: a larger film can still be watched, because what a viewer needs next is
 * downloaded anyway. Background downloads pause, and when the viewer leaves, the film is the next to be evicted.
 *
 * @returns enforces the limits now; resolves with the number of bytes freed
 */
export function limitKeeper(
  limits: Limits,
  cache: LimitedCache,
  room: DiskRoom,
  lock: Lock,
  log: Log,
): () => Promise<number> {
  const { root, idleMs, maxBytes, minFreeBytes } = limits
  const shortages = new ShortageLog(log)
  let refusedLastAt = Number.NEGATIVE_INFINITY

  /** by the folder that contains the torrents, as of the last measurement */
  let taken: ReadonlyMap<string, number> = new Map()

  async function keepLimits(): Promise<number> {
    await cache.measure()
    taken = cache.bytesByBase()
    let freedBytes = await keepMaxSize()
    for (const disk of await disks()) freedBytes += await keepMinFree(disk)
    await room.renew(measured)
    return freedBytes
  }

  async function keepMaxSize(): Promise<number> {
    if (maxBytes === undefined) return 0
    const usedBytes = usedNow()
    const expected = excessOver(maxBytes, usedBytes + wantedIn())
    return free(undefined, excessOver(maxBytes, usedBytes), expected, 'CACHE_MAX_SIZE')
  }

  async function keepMinFree({ volume, bases }: Disk): Promise<number> {
    if (volume.isReadOnly) return 0
    const { freeBytes } = volume
    const wanted = wantedIn(bases)
    const expected = shortageBelow(minFreeBytes + wanted, freeBytes)
    const freedBytes = await free(bases, shortageBelow(minFreeBytes, freeBytes), expected, 'CACHE_MIN_FREE')
    const isRefused = bases.some((base) => ['ENOSPC', 'EDQUOT'].includes(room.refusalIn(base) ?? ''))
    if (freedBytes > 0 || !isRefused || performance.now() - refusedLastAt < REFUSED_AGAIN_MS)
      return freedBytes
    refusedLastAt = performance.now()
    return free(bases, 0, Math.max(wanted, REFUSED_BYTES), 'the disk is full')
  }

  /**
   * @param bases - only torrents in these folders count
   * @param excess - bytes to remove now
   * @param expected - bytes to remove for what is wanted
   */
  async function free(
    bases: readonly string[] | undefined,
    excess: number,
    expected: number,
    why: string,
  ): Promise<number> {
    if ((excess <= 0 && expected <= 0) || !lock.isHeld()) return 0
    const entries = cache.weighed().filter((entry) => bases?.includes(baseOf(entry)) ?? true)
    const isWanted = ({ infoHash }: Weighed) => room.demands.has(infoHash)
    const chosen = chooseForRoom(entries, excess, expected, isWanted, idleMs, Date.now())
    if (chosen.length === 0) return 0
    const freedBytes = await cache.remove(chosen, why)
    taken = cache.bytesByBase()
    return freedBytes
  }

  /** The present state of the disks. */
  async function measured(): Promise<MeasuredDisk[]> {
    const usedBytes = usedNow()
    shortages.noteSize(usedBytes, maxBytes)
    return (await disks()).map(({ volume, bases }) => {
      const { freeBytes } = volume
      const isReadOnly = volume.isReadOnly || !lock.isHeld()
      const bytes = isReadOnly ? 0 : Math.max(0, freeBytes - minFreeBytes)
      const spareBytes = Math.min(bytes, Math.max(0, (maxBytes ?? Number.POSITIVE_INFINITY) - usedBytes))
      const disk = { bases, room: { bytes, spareBytes, isReadOnly, freeBytes, minFreeBytes } }
      const refusal = bases.map((base) => room.refusalIn(base)).find((each) => each !== undefined)
      shortages.noteDisk(disk, wantedIn(bases), refusal)
      return disk
    })
  }

  function disks(): Promise<Disk[]> {
    const wanted = [...room.demands.values()].map(({ base }) => base)
    return disksOf([root, ...taken.keys(), ...wanted])
  }

  function usedNow(): number {
    return [...taken.values()].reduce((sum, bytes) => sum + bytes, 0)
  }

  /** Bytes wanted in some folders, or in all. */
  function wantedIn(bases?: readonly string[]): number {
    return [...room.demands.values()]
      .filter(({ base }) => bases?.includes(base) ?? true)
      .reduce((sum, { bytes }) => sum + bytes, 0)
  }

  return keepLimits
}
