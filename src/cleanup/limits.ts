import type { DiskRoom, MeasuredDisk } from '../disk/disk-room.ts'
import type { Log } from '../observe/log.ts'
import type { CacheEntry } from '../torrent-index/index-entries.ts'
import { baseOf, disksOf, type TorrentDisk } from './disks.ts'
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

export interface LimitKeeperParts {
  readonly cache: LimitedCache
  /** gets what there is to share out, and knows what is wanted */
  readonly room: DiskRoom
  readonly lock: Lock
}

/** Bytes to remove. */
interface Excess {
  readonly now: number
  /** in total, so that what is wanted fits too */
  readonly expected: number
}

/**
 * Enforces the limits, and grants how much may be downloaded within them. What is wanted next counts as if it were
 * there: idle films are evicted before a download reaches a limit, not after.
 *
 * The limits differ. CACHE_MIN_FREE protects other users of the disk: when nothing more can be evicted, downloading
 * pauses. CACHE_MAX_SIZE bounds what is kept: a larger film can still be watched, because what a viewer needs next is
 * downloaded anyway. Background downloads pause, and when the viewer leaves, the film is the next to be evicted.
 */
export class LimitKeeper {
  readonly #limits: Limits
  readonly #cache: LimitedCache
  readonly #room: DiskRoom
  readonly #lock: Lock
  readonly #shortages: ShortageLog
  #refusedLastAt = Number.NEGATIVE_INFINITY
  /** bytes by the folder that contains the torrents, as of the last measurement */
  #taken: ReadonlyMap<string, number> = new Map()

  constructor(limits: Limits, { cache, room, lock }: LimitKeeperParts, log: Log) {
    this.#limits = limits
    this.#cache = cache
    this.#room = room
    this.#lock = lock
    this.#shortages = new ShortageLog(log)
  }

  /** Enforces the limits now. @returns bytes freed */
  async keep(): Promise<number> {
    using _round = this.#room.rounds.begin()
    await this.#cache.measure()
    this.#taken = this.#cache.bytesByBase()
    let freedBytes = await this.#keepMaxSize()
    for (const disk of await this.#disks()) freedBytes += await this.#keepMinFree(disk)
    const { spentBytes } = this.#room
    this.#room.renew(await this.#measured(), spentBytes)
    return freedBytes
  }

  async #keepMaxSize(): Promise<number> {
    const { maxBytes } = this.#limits
    if (maxBytes === undefined) return 0
    const usedBytes = this.#usedNow()
    const expected = excessOver(maxBytes, usedBytes + this.#wantedIn())
    return this.#free(undefined, { now: excessOver(maxBytes, usedBytes), expected }, 'CACHE_MAX_SIZE')
  }

  async #keepMinFree({ volume, bases }: TorrentDisk): Promise<number> {
    if (volume.isReadOnly) return 0
    const { freeBytes } = volume
    const { minFreeBytes } = this.#limits
    const wanted = this.#wantedIn(bases)
    const excess = {
      now: shortageBelow(minFreeBytes, freeBytes),
      expected: shortageBelow(minFreeBytes + wanted, freeBytes),
    }
    const freedBytes = await this.#free(bases, excess, 'CACHE_MIN_FREE')
    const isRefused = bases.some((base) => ['ENOSPC', 'EDQUOT'].includes(this.#room.refusalIn(base) ?? ''))
    if (freedBytes > 0 || !isRefused || performance.now() - this.#refusedLastAt < REFUSED_AGAIN_MS)
      return freedBytes
    this.#refusedLastAt = performance.now()
    return this.#free(bases, { now: 0, expected: Math.max(wanted, REFUSED_BYTES) }, 'the disk is full')
  }

  /** @param bases - only torrents in these folders count; `undefined` = all */
  async #free(bases: readonly string[] | undefined, excess: Excess, why: string): Promise<number> {
    if ((excess.now <= 0 && excess.expected <= 0) || !this.#lock.isHeld()) return 0
    const entries = this.#cache.weighed().filter((entry) => bases?.includes(baseOf(entry)) ?? true)
    const chosen = chooseForRoom(entries, {
      excessBytes: excess.now,
      expectedBytes: excess.expected,
      isWanted: ({ infoHash }) => this.#room.demands.has(infoHash),
      idleMs: this.#limits.idleMs,
      now: Date.now(),
    })
    if (chosen.length === 0) return 0
    const freedBytes = await this.#cache.remove(chosen, why)
    this.#taken = this.#cache.bytesByBase()
    return freedBytes
  }

  /** The present state of the disks. */
  async #measured(): Promise<MeasuredDisk[]> {
    const { maxBytes, minFreeBytes } = this.#limits
    const usedBytes = this.#usedNow()
    this.#shortages.noteSize(usedBytes, maxBytes)
    return (await this.#disks()).map(({ volume, bases }) => {
      const { freeBytes } = volume
      const isReadOnly = volume.isReadOnly || !this.#lock.isHeld()
      const bytes = isReadOnly ? 0 : Math.max(0, freeBytes - minFreeBytes)
      const spareBytes = Math.min(bytes, Math.max(0, (maxBytes ?? Number.POSITIVE_INFINITY) - usedBytes))
      const disk = { bases, room: { bytes, spareBytes, isReadOnly, freeBytes, minFreeBytes } }
      const refusal = bases.map((base) => this.#room.refusalIn(base)).find((each) => each !== undefined)
      this.#shortages.noteDisk(disk, this.#wantedIn(bases), refusal)
      return disk
    })
  }

  #disks(): Promise<TorrentDisk[]> {
    const wanted = [...this.#room.demands.values()].map(({ base }) => base)
    return disksOf([this.#limits.root, ...this.#taken.keys(), ...wanted])
  }

  #usedNow(): number {
    return [...this.#taken.values()].reduce((sum, bytes) => sum + bytes, 0)
  }

  /** Bytes wanted in some folders, or in all. */
  #wantedIn(bases?: readonly string[]): number {
    return [...this.#room.demands.values()]
      .filter(({ base }) => bases?.includes(base) ?? true)
      .reduce((sum, { bytes }) => sum + bytes, 0)
  }
}
