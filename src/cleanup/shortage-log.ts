import type { Refusal } from '../disk/disk-errors.ts'
import type { MeasuredDisk } from '../disk/disk-room.ts'
import type { Log } from '../observe/log.ts'

/** With less left than this, whoever wants more comes to a stop soon. */
const LITTLE_BYTES = 8 * 1024 * 1024

/** Says once when a limit can no longer be kept or a disk takes nothing more, and once when that is over. */
export class ShortageLog {
  readonly #log: Log
  /** folders on disks that take nothing more */
  readonly #short = new Set<string>()
  #isTooLarge = false

  constructor(log: Log) {
    this.#log = log
  }

  /** @param maxBytes - what all torrents together may take, if there is a limit */
  noteSize(usedBytes: number, maxBytes: number | undefined): void {
    const isTooLarge = maxBytes !== undefined && usedBytes > maxBytes
    if (isTooLarge && !this.#isTooLarge)
      this.#log.warn('the cache is above CACHE_MAX_SIZE, and nothing more may go', { usedBytes, maxBytes })
    if (!isTooLarge && this.#isTooLarge)
      this.#log.info('the cache is below CACHE_MAX_SIZE again', { usedBytes, maxBytes })
    this.#isTooLarge = isTooLarge
  }

  /**
   * @param wantedBytes - what would be fetched into its folders if there were room
   * @param refusal - why writes wait, if they do
   */
  noteDisk({ bases, room }: MeasuredDisk, wantedBytes: number, refusal: Refusal | undefined): void {
    const { bytes, freeBytes, minFreeBytes, isReadOnly } = room
    const fields = { path: bases.join(', '), freeBytes, minFreeBytes }
    const wasShort = bases.some((base) => this.#short.has(base))
    const isBlocked = refusal !== undefined || isReadOnly || freeBytes < minFreeBytes
    // Players come and go every few seconds; that alone is no news.
    const isLittle =
      bytes < LITTLE_BYTES && (wasShort ? bytes <= wantedBytes || wantedBytes === 0 : bytes < wantedBytes)
    const isShort = isBlocked || isLittle
    for (const base of bases) this.#short[isShort ? 'add' : 'delete'](base)
    if (isShort && !wasShort) {
      const what = isReadOnly || refusal === 'EROFS' ? 'read-only' : 'full'
      this.#log.warn(`the disk is ${what}, and nothing more may go: fetching pauses`, {
        ...fields,
        ...(refusal && { refusal }),
      })
    }
    if (!isShort && wasShort) this.#log.info('the disk has room again: fetching goes on', fields)
  }
}
