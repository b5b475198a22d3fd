import type { DiskRoom, MeasuredDisk } from '../disk/disk-room.ts'
import type { Log } from '../observe/log.ts'
import type { CacheEntry } from '../torrent-index/index-entry.ts'
import { baseOf, type Disk, disksOf } from './disks.ts'
import { chooseForRoom, excessOver, type Keepable, shortageBelow } from './eviction.ts'
import { ShortageLog } from './shortage-log.ts'

/** A write that was refused although the disk says that it has room (a quota) asks for so much at least. */
const REFUSED_BYTES = 8 * 1024 * 1024
/** By then the writes that wait have been tried again, and it shows whether what was removed is enough. */
const REFUSED_AGAIN_MS = 2_000

export interface Limits {
  /** download folder */
  readonly root: string
  /** 0 = keep for good */
  readonly idleMs: number
  /** all torrents together, bytes on disk; absent = no limit */
  readonly maxBytes?: number | undefined
  /** left free on every disk that torrents lie on */
  readonly minFreeBytes: number
}

/** A torrent on disk, as the limits look at it. */
export interface Weighed extends Keepable {
  readonly contents: CacheEntry['contents']
}

/** What the limits are kept on. */
export interface LimitedCache {
  /** Looks at how much is on disk of what is being fetched. */
  measure(): Promise<void>
  /** How much is on disk, by the folder that the torrents lie in: quicker than to weigh them all. */
  bytesByBase(): ReadonlyMap<string, number>
  weighed(): readonly Weighed[]
  /** @returns bytes freed */
  remove(entries: readonly Weighed[], why: string): Promise<number>
}

/** Says whether this server is the only one that may write into the download folder. */
export interface Lock {
  isHeld(): boolean
}

/**
 * Keeps the limits, and says what may be fetched within them. What is wanted next counts as if it were there: idle films
 * go before a download comes near a limit, not after.
 *
 * The limits are not alike. CACHE_MIN_FREE is for what else lives on the disk: when nothing may go any more, fetching
 * stops there. CACHE_MAX_SIZE says what is kept: a film that is larger than that can still be watched, because what a
 * viewer needs next is fetched all the same; what nobody waits for is not, and when the viewer has left the film is the
 * next to go.
 *
 * @returns keeps them now; resolves with the bytes that it freed
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

  /** by the folder that torrents lie in, as of the last look */
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
   * @param excess - bytes that have to go now
   * @param expected - bytes that have to go for what is wanted to come
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

  /** Looks at the disks as they are now. */
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

  /** Bytes that are wanted in some folders, or in all. */
  function wantedIn(bases?: readonly string[]): number {
    return [...room.demands.values()]
      .filter(({ base }) => bases?.includes(base) ?? true)
      .reduce((sum, { bytes }) => sum + bytes, 0)
  }

  return keepLimits
}
