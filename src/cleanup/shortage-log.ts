import type { Refusal } from '../disk/disk-errors.ts'
import type { MeasuredDisk } from '../disk/disk-room.ts'
import type { Log } from '../observe/log.ts'

/** With less space left than this, downloads will stop soon. */
const LITTLE_BYTES = 8 * 1024 * 1024

/** Logs once when a limit can no longer be kept or a disk is full, and once when that is over. */
export class ShortageLog {
  readonly #log: Log
  /** folders on full disks */
  readonly #short = new Set<string>()
  #isTooLarge = false

  constructor(log: Log) {
    this.#log = log
  }

  /** @param maxBytes - limit for all torrents together, if there is one */
  noteSize(usedBytes: number, maxBytes: number | undefined): void {
    const isTooLarge = maxBytes !== undefined && usedBytes > maxBytes
    if (isTooLarge && !this.#isTooLarge)
      this.#log.warn('cache above CACHE_MAX_SIZE and nothing left to evict', { usedBytes, maxBytes })
    if (!isTooLarge && this.#isTooLarge)
      this.#log.info('cache below CACHE_MAX_SIZE again', { usedBytes, maxBytes })
    this.#isTooLarge = isTooLarge
  }

  /**
   * @param wantedBytes - what would be downloaded into its folders if there were space
   * @param refusal - why writes are waiting, if any are
   */
  noteDisk({ bases, room }: MeasuredDisk, wantedBytes: number, refusal: Refusal | undefined): void {
    const { bytes, freeBytes, minFreeBytes, isReadOnly } = room
    const fields = { path: bases.join(', '), freeBytes, minFreeBytes }
    const wasShort = bases.some((base) => this.#short.has(base))
    const isBlocked = refusal !== undefined || isReadOnly || freeBytes < minFreeBytes
    // Demand comes and goes every few seconds with the players, so it alone does not end a shortage.
    const isLittle =
      bytes < LITTLE_BYTES && (wasShort ? bytes <= wantedBytes || wantedBytes === 0 : bytes < wantedBytes)
    const isShort = isBlocked || isLittle
    for (const base of bases) this.#short[isShort ? 'add' : 'delete'](base)
    if (isShort && !wasShort) {
      const what = isReadOnly || refusal === 'EROFS' ? 'read-only' : 'full'
      this.#log.warn(`disk ${what} and nothing left to evict; downloads paused`, {
        ...fields,
        ...(refusal && { refusal }),
      })
    }
    if (!isShort && wasShort) this.#log.info('disk has space again; downloads resumed', fields)
  }
}
