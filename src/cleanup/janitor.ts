import { setTimeout as sleep } from 'node:timers/promises'
import pLimit from 'p-limit'
import type { DiskRoom } from '../disk/disk-room.ts'
import { volumeOf } from '../disk/volume.ts'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { Log } from '../observe/log.ts'
import type { CacheEntry } from '../torrent-index/index-entries.ts'
import { baseOf, bytesByBase, disksOf } from './disks.ts'
import { chooseIdle, protectionOf } from './eviction.ts'
import { type Explanation, explainCache, reasonToKeep } from './explain.ts'
import { LimitKeeper, type Limits, type Lock, type Weighed } from './limits.ts'
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
  get(infoHash: InfoHash): CacheEntry | undefined
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
  /** @param isKept - asked of each torrent right before it is removed: removing the others takes a while */
  remove(infoHashes: readonly InfoHash[], isKept: (infoHash: InfoHash) => boolean): Promise<Removal>
}

interface Removal {
  readonly removed: number
  readonly freedBytes: number
}

export interface CleanupResult extends Removal {
  /** what was kept, and why */
  readonly kept: readonly { readonly infoHash: InfoHash; readonly name: string; readonly why: string }[]
}

export interface JanitorParts {
  readonly index: CleanedIndex
  readonly torrents: Remover
  /** is given the available space, and says what is wanted */
  readonly room: DiskRoom
  readonly lock: Lock
}

/** Removes idle torrents, and those that exceed the limits; a last time when it is disposed of. */
export class Janitor implements AsyncDisposable {
  readonly #options: JanitorOptions
  readonly #index: CleanedIndex
  readonly #torrents: Remover
  readonly #room: DiskRoom
  readonly #lock: Lock
  readonly #log: Log
  readonly #limits: LimitKeeper
  readonly #oneAtATime = pLimit(1)
  readonly #idleTimer: NodeJS.Timeout
  readonly #limitsTimer: NodeJS.Timeout
  readonly #closing = new AbortController()
  readonly #serving: Promise<void>
  #lookedAt = Number.NEGATIVE_INFINITY

  constructor(options: JanitorOptions, { index, torrents, room, lock }: JanitorParts, log: Log) {
    this.#options = options
    this.#index = index
    this.#torrents = torrents
    this.#room = room
    this.#lock = lock
    this.#log = log
    const cache = {
      measure: () => torrents.measure(),
      bytesByBase: () => bytesByBase(index.entries()),
      weighed: () => this.#weighed(),
      remove: async (entries: readonly Weighed[], why: string) =>
        (await this.#remove(entries, why)).freedBytes,
    }
    this.#limits = new LimitKeeper(options, { cache, room, lock }, log)
    this.#idleTimer = setInterval(
      () => void this.#inTurn(() => this.#cleanIdle()),
      Math.max(MIN_INTERVAL_MS, Math.min(options.idleMs / 4, MAX_INTERVAL_MS)),
    )
    this.#limitsTimer = setInterval(() => {
      if (room.isShort || performance.now() - this.#lookedAt >= LIMITS_ROUND_MS.usual) void room.rounds.ask()
    }, LIMITS_ROUND_MS.short)
    this.#serving = this.#serve()
  }

  /** Removes everything that may be removed. */
  cleanup(): Promise<CleanupResult> {
    const { idleMs } = this.#options
    return this.#inTurn(async () => {
      const now = Date.now()
      const may = this.#weighed().filter((entry) => protectionOf(entry, idleMs, now) === undefined)
      const result = await this.#remove(may, 'asked for')
      const kept = this.#weighed().map((entry) => ({
        infoHash: entry.infoHash,
        name: entry.contents.name,
        why: reasonToKeep(protectionOf(entry, idleMs, now) ?? 'used', entry.usage, now),
      }))
      return { ...result, kept }
    })
  }

  /** Enforces the limits. @returns bytes freed */
  keepLimits(): Promise<number> {
    return this.#inTurn(() => this.#limits.keep())
  }

  /** What would be removed next, and why. */
  async explain(): Promise<Explanation> {
    const { root, idleMs, maxBytes, minFreeBytes } = this.#options
    await this.#torrents.measure()
    const entries = this.#weighed()
    const disks = await disksOf([root, ...entries.map(baseOf)])
    const freeBytes = Math.min(...disks.map(({ volume }) => volume.freeBytes))
    return explainCache({ idleMs, maxBytes, minFreeBytes, freeBytes }, entries, Date.now())
  }

  /**
   * The available space from the view of a torrent that is, or would be, in a folder.
   *
   * @param owed - bytes still to be downloaded of requested torrents
   */
  async spaceFor(infoHash: InfoHash, directory: string, owed: ReadonlyMap<InfoHash, number>): Promise<Space> {
    const { maxBytes, minFreeBytes } = this.#options
    await this.#torrents.measure()
    const entries = this.#weighed()
    const { id, freeBytes } = await volumeOf(directory)
    const disks = await disksOf(entries.map(baseOf))
    const bases = new Set(disks.find(({ volume }) => volume.id === id)?.bases)
    const beside = entries.filter((entry) => bases.has(baseOf(entry)))
    return spaceFor(infoHash, { maxBytes, minFreeBytes, freeBytes, entries, beside, owed })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { onShutdown } = this.#options
    clearInterval(this.#idleTimer)
    clearInterval(this.#limitsTimer)
    this.#closing.abort()
    await this.#serving
    await this.#oneAtATime(async () => undefined)
    if (onShutdown === 'idle') await this.#cleanIdle()
    if (onShutdown === 'all') {
      const fetched = this.#weighed().filter(({ usage }) => !usage.isPinned)
      await this.#remove(fetched, 'shutdown')
    }
  }

  /** One round at a time; a failed round does not stop the next. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#oneAtATime(work)
    result.catch((error: unknown) => this.#log.warn('clean-up failed', { reason: String(error) }))
    return result
  }

  /** Enforces the limits whenever that is asked for. After a round that freed nothing, the next one is delayed. */
  async #serve(): Promise<void> {
    for await (const _ of this.#room.rounds.requests(this.#closing.signal)) {
      const round = this.#inTurn(async () => {
        if (this.#room.isShort)
          await sleep(Math.max(0, this.#lookedAt + LIMITS_ROUND_MS.short - performance.now()))
        await this.#limits.keep()
        this.#lookedAt = performance.now()
      })
      await round.catch(() => undefined)
    }
  }

  #weighed(): Weighed[] {
    const isHeld = this.#lock.isHeld()
    const torrents = this.#torrents
    return this.#index.entries().map((entry) => {
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
        isReadOnly: !isHeld || this.#room.isReadOnly(baseOf(entry)),
      }
    })
  }

  async #remove(entries: readonly Weighed[], why: string): Promise<Removal> {
    if (entries.length === 0) return { removed: 0, freedBytes: 0 }
    const chosen = new Map(entries.map((entry) => [entry.infoHash, entry]))
    const result = await this.#torrents.remove([...chosen.keys()], (infoHash) =>
      this.#isKept(infoHash, chosen.get(infoHash)),
    )
    if (result.removed > 0) this.#log.info('cache cleaned', { ...result, why })
    return result
  }

  /** The owner has pinned it, or wants more of it, since it was chosen. */
  #isKept(infoHash: InfoHash, chosen: Weighed | undefined): boolean {
    const usage = this.#index.get(infoHash)?.usage
    return usage !== undefined && (usage.isPinned || (usage.wish !== undefined && !chosen?.isAwaited))
  }

  async #cleanIdle(): Promise<void> {
    await this.#remove(chooseIdle(this.#weighed(), this.#options.idleMs, Date.now()), 'idle')
  }
}
