import { SelfStremeError } from '../domain/errors.ts'
import { sizeInWords } from '../lib/in-words.ts'
import type { Refusal } from './disk-errors.ts'

/** What a disk still takes. Sizes are bytes. */
export interface Room {
  /** for what somebody waits for */
  readonly bytes: number
  /** of these, for what nobody waits for yet */
  readonly spareBytes: number
  readonly isReadOnly: boolean
  readonly freeBytes: number
  /** has to stay free */
  readonly minFreeBytes: number
}

/** The folders that lie on one disk, and what it still takes. */
export interface MeasuredDisk {
  readonly bases: readonly string[]
  readonly room: Room
}

/** What somebody would fetch if there were room. */
export interface Demand {
  /** folder that the folder of the torrent lies in */
  readonly base: string
  readonly bytes: number
  /** of these, what somebody waits for */
  readonly neededBytes: number
}

/**
 * Looks at the disks, makes room for what is wanted as far as it may, and {@link DiskRoom.renew}s what is known of them.
 * Never rejects.
 */
export type RoomMaker = () => Promise<void>

/** As long as nobody has looked. */
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
 * How much may be fetched into which folder. Those who fetch say here what they want, what they have used up, and where
 * a write was refused; whoever looks after the disks says what there is. What is used up counts at once, so that no
 * disk gets fuller than it may, however fast it fills.
 */
export class DiskRoom {
  readonly #demands = new Map<string, Demand>()
  readonly #refusals = new Map<string, { readonly base: string; readonly refusal: Refusal }>()
  readonly #listeners = new Set<() => void>()
  #ledgers = new Map<string, Ledger>()
  #makeRoom: RoomMaker = async () => undefined
  #needs = 0
  #spentBytes = 0

  /** Who makes room from now on. */
  servedBy(maker: RoomMaker): void {
    this.#makeRoom = maker
  }

  /** Calls back whenever there may be room where there was too little. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener)
  }

  /** By who wants it. */
  get demands(): ReadonlyMap<string, Demand> {
    return this.#demands
  }

  /** Somebody wants more than there is, or a write waits. */
  get isShort(): boolean {
    return this.#refusals.size > 0 || [...this.#demands.values()].some((demand) => this.#isUnmet(demand))
  }

  /** What a disk still takes, of which the folder `base` is one. */
  in(base: string): Room {
    const { room, spentBytes } = this.#ledgers.get(base) ?? { room: ENDLESS, spentBytes: 0 }
    if (this.refusalIn(base)) return { ...room, bytes: 0, spareBytes: 0 }
    const left = (bytes: number) => Math.max(0, bytes - spentBytes)
    return { ...room, bytes: left(room.bytes), spareBytes: left(room.spareBytes) }
  }

  /** Whether nothing can be written into a folder, nor removed from it. */
  isReadOnly(base: string): boolean {
    return this.in(base).isReadOnly || this.refusalIn(base) === 'EROFS'
  }

  /** Why writes into a folder wait, if they do. */
  refusalIn(base: string): Refusal | undefined {
    return [...this.#refusals.values()].find((refused) => refused.base === base)?.refusal
  }

  /** Says what somebody wants, in place of what they wanted before. Where that is more than there is, room is made. */
  want(who: string, demand: Demand): void {
    if (demand.bytes === 0) this.#demands.delete(who)
    else this.#demands.set(who, demand)
    const isUnknown = demand.bytes > 0 && !this.#ledgers.has(demand.base)
    if (isUnknown || this.#isUnmet(demand)) void this.#makeRoom()
  }

  /** So much was written into a folder. */
  spend(base: string, bytes: number): void {
    this.#spentBytes += bytes
    const ledger = this.#ledgers.get(base)
    if (ledger) ledger.spentBytes += bytes
  }

  /** A disk does not take what somebody has to write, who waits until it does. */
  refuse(who: string, base: string, refusal: Refusal): void {
    this.#refusals.set(who, { base, refusal })
    this.#tellAll()
    void this.#makeRoom()
  }

  /** Somebody waits no longer. */
  settle(who: string): void {
    if (this.#refusals.delete(who)) this.#tellAll()
  }

  /**
   * Resolves when so much may be fetched into a folder, for which room is made if need be.
   *
   * @throws SelfStremeError `disk.full`, `disk.read_only`
   */
  async need(base: string, bytes: number): Promise<void> {
    if (this.#ledgers.has(base) && this.in(base).bytes >= bytes) return
    const who = `need ${this.#needs++}`
    this.#demands.set(who, { base, bytes, neededBytes: bytes })
    try {
      await this.#makeRoom()
    } finally {
      this.#demands.delete(who)
    }
    if (this.in(base).bytes < bytes) throw this.#noRoom(base)
  }

  /** @param measure - looks at the disks; what is used up meanwhile counts as well */
  async renew(measure: () => Promise<readonly MeasuredDisk[]>): Promise<void> {
    const before = this.#spentBytes
    const disks = await measure()
    const wasShort = this.isShort
    const spentBytes = this.#spentBytes - before
    this.#ledgers = new Map(
      disks.flatMap(({ bases, room }) => {
        const ledger = { room, spentBytes }
        return bases.map((base) => [base, ledger])
      }),
    )
    if (wasShort || this.isShort) this.#tellAll()
  }

  #isUnmet({ base, bytes, neededBytes }: Demand): boolean {
    const room = this.in(base)
    return room.bytes < bytes || room.spareBytes < bytes - neededBytes
  }

  /** What it says is for strangers, too: it names no paths. */
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
    const limit =
      minFreeBytes === 0 ? '' : `, and ${sizeInWords(minFreeBytes)} have to stay so (CACHE_MIN_FREE)`
    return new SelfStremeError(
      'disk.full',
      `${lead}: ${sizeInWords(freeBytes)} are free${limit}. Nothing on it may go to make room for this.`,
      { details: { freeBytes, minFreeBytes } },
    )
  }

  #tellAll(): void {
    for (const listener of this.#listeners) listener()
  }
}
