import { SelfStremeError } from '../domain/errors.ts'
import { sizeInWords } from '../lib/in-words.ts'
import { Waiters } from '../lib/waiters.ts'
import type { Refusal } from './disk-errors.ts'
import { Rounds } from './rounds.ts'

/** How much may still be written to a disk. Sizes are bytes. */
export interface Room {
  /** for data that a viewer waits for */
  readonly bytes: number
  /** of these, for background downloads */
  readonly spareBytes: number
  readonly isReadOnly: boolean
  readonly freeBytes: number
  /** must stay free */
  readonly minFreeBytes: number
}

/** The folders on one disk, and how much may still be written to it. */
export interface MeasuredDisk {
  readonly bases: readonly string[]
  readonly room: Room
}

/** What a torrent would download if there were space. */
export interface Demand {
  /** folder that contains the torrent's folder */
  readonly base: string
  readonly bytes: number
  /** of these, for data that a viewer waits for */
  readonly neededBytes: number
}

/** Before the first measurement. */
const ENDLESS: Room = {
  bytes: Number.POSITIVE_INFINITY,
  spareBytes: Number.POSITIVE_INFINITY,
  isReadOnly: false,
  freeBytes: Number.POSITIVE_INFINITY,
  minFreeBytes: 0,
}

interface Ledger {
  readonly room: Room
  spentBytes: number
}

/**
 * How much may be downloaded into which folder. Downloads report their demand, what they have written, and refused
 * writes; clean-up reports the available space. Written bytes are subtracted at once, so that no limit is exceeded,
 * however fast data arrives.
 *
 * It calls neither of them: clean-up waits for {@link Rounds.requests}, and downloads for {@link changes}.
 */
export class DiskRoom {
  /** asked for here when a demand exceeds the space, done by clean-up */
  readonly rounds = new Rounds()
  readonly #demands = new Map<string, Demand>()
  readonly #refusals = new Map<string, { readonly base: string; readonly refusal: Refusal }>()
  readonly #followers = new Waiters()
  #ledgers = new Map<string, Ledger>()
  #needs = 0
  #spentBytes = 0
  #changes = 0

  /** By torrent. */
  get demands(): ReadonlyMap<string, Demand> {
    return this.#demands
  }

  /** Bytes written since the start, to all disks. */
  get spentBytes(): number {
    return this.#spentBytes
  }

  /** Whether a demand exceeds the available space, or a write is waiting. */
  get isShort(): boolean {
    return this.#refusals.size > 0 || [...this.#demands.values()].some((demand) => this.#isUnmet(demand))
  }

  /** Remaining budget of the disk that `base` is on. */
  in(base: string): Room {
    const { room, spentBytes } = this.#ledgers.get(base) ?? { room: ENDLESS, spentBytes: 0 }
    if (this.refusalIn(base)) return { ...room, bytes: 0, spareBytes: 0 }
    const left = (bytes: number) => Math.max(0, bytes - spentBytes)
    return { ...room, bytes: left(room.bytes), spareBytes: left(room.spareBytes) }
  }

  /** Whether a folder is on a read-only disk. */
  isReadOnly(base: string): boolean {
    return this.in(base).isReadOnly || this.refusalIn(base) === 'EROFS'
  }

  /** Why writes into a folder are waiting, if they are. */
  refusalIn(base: string): Refusal | undefined {
    return [...this.#refusals.values()].find((refused) => refused.base === base)?.refusal
  }

  /** Yields when there may be space again after a shortage; changes in quick succession count as one. */
  async *changes(signal: AbortSignal): AsyncGenerator<void> {
    let seen = this.#changes
    const isNew = () => !signal.aborted && this.#changes !== seen
    for await (const _ of this.#followers.whenever(isNew, signal)) {
      seen = this.#changes
      yield
    }
  }

  /** Replaces a demand. If it exceeds the available space, clean-up is started. */
  want(who: string, demand: Demand): void {
    if (demand.bytes === 0) this.#demands.delete(who)
    else this.#demands.set(who, demand)
    const isUnknown = demand.bytes > 0 && !this.#ledgers.has(demand.base)
    if (isUnknown || this.#isUnmet(demand)) void this.rounds.ask()
  }

  /** Subtracts bytes that were written into a folder. */
  spend(base: string, bytes: number): void {
    this.#spentBytes += bytes
    const ledger = this.#ledgers.get(base)
    if (ledger) ledger.spentBytes += bytes
  }

  /** A write was refused by the disk, and waits. */
  refuse(who: string, base: string, refusal: Refusal): void {
    this.#refusals.set(who, { base, refusal })
    this.#noteChange()
    void this.rounds.ask()
  }

  /** The write no longer waits. */
  settle(who: string): void {
    if (this.#refusals.delete(who)) this.#noteChange()
  }

  /**
   * Resolves when this many bytes may be written into a folder; frees space if necessary.
   *
   * @throws SelfStremeError `disk.full`, `disk.read_only`
   */
  async need(base: string, bytes: number): Promise<void> {
    if (this.#ledgers.has(base) && this.in(base).bytes >= bytes) return
    const who = `need ${this.#needs++}`
    this.#demands.set(who, { base, bytes, neededBytes: bytes })
    try {
      await this.rounds.ask()
    } finally {
      this.#demands.delete(who)
    }
    if (this.in(base).bytes < bytes) throw this.#noRoom(base)
  }

  /**
   * Replaces what is known of the disks.
   *
   * @param spentBefore - {@link spentBytes} when the measurement began; what was written since then is subtracted
   */
  renew(disks: readonly MeasuredDisk[], spentBefore: number): void {
    const wasShort = this.isShort
    const spentBytes = this.#spentBytes - spentBefore
    this.#ledgers = new Map(
      disks.flatMap(({ bases, room }) => {
        const ledger = { room, spentBytes }
        return bases.map((base) => [base, ledger])
      }),
    )
    if (wasShort || this.isShort) this.#noteChange()
  }

  #isUnmet({ base, bytes, neededBytes }: Demand): boolean {
    const room = this.in(base)
    return room.bytes < bytes || room.spareBytes < bytes - neededBytes
  }

  /** The message is safe to show to any client: it contains no paths. */
  #noRoom(base: string): SelfStremeError {
    if (this.isReadOnly(base))
      return new SelfStremeError(
        'disk.read_only',
        'The disk of the server is read-only. What is on it can be played.',
      )
    const { freeBytes, minFreeBytes } = this.in(base)
    const lead =
      this.refusalIn(base) === 'EDQUOT'
        ? 'The server has used up its share of the disk'
        : 'The disk of the server is full'
    const limit = minFreeBytes === 0 ? '' : `, ${sizeInWords(minFreeBytes)} must stay free (CACHE_MIN_FREE)`
    return new SelfStremeError(
      'disk.full',
      `${lead}: ${sizeInWords(freeBytes)} free${limit}. Nothing more can be removed.`,
      { details: { freeBytes, minFreeBytes } },
    )
  }

  #noteChange(): void {
    this.#changes++
    this.#followers.wakeAll()
  }
}
