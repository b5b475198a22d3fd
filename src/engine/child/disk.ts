import { EventEmitter, once } from 'node:events'
import { type Refusal, refusalOf } from '../../disk/disk-errors.ts'

/** Space may become free without a command of main, as when the user deletes a file. */
const RETRY_MS = 1_000
/** While this much waits to be written, no more is requested: the disk is the bottleneck. */
const MAX_UNWRITTEN_BYTES = 64 * 1024 * 1024

/** A piece that waited for space on the disk was dropped, because its memory was needed. */
export class GivenUpError extends Error {}

/**
 * The disk of all torrents in one folder. While it refuses writes, fetched pieces wait in memory, and nothing more is
 * fetched for any of these torrents.
 */
export class Disk {
  readonly #tries = new EventEmitter().setMaxListeners(0)
  readonly #mostUnwritten: number
  #unwrittenBytes = 0
  #waiting = 0
  #givenUp = 0
  #timer: NodeJS.Timeout | undefined

  constructor(mostUnwrittenBytes = MAX_UNWRITTEN_BYTES) {
    this.#mostUnwritten = mostUnwrittenBytes
  }

  /** Whether a waiting piece may be given up to free memory. One always stays: writing it shows when there is space. */
  get canGiveUp(): boolean {
    return this.#waiting - this.#givenUp > 1
  }

  /** No piece waits for space. */
  get isTaking(): boolean {
    return this.#waiting === 0
  }

  /** Whether more may be fetched, because it would soon be written. */
  get mayFetch(): boolean {
    return this.isTaking && this.#unwrittenBytes < this.#mostUnwritten
  }

  /**
   * Writes; if the disk refuses, again whenever there may be space.
   *
   * @param bytes - size of the write, which is held in memory until then
   * @param attempt - may be called again after it failed
   * @param onRefused - called once if it has to wait
   * @throws other errors of `attempt`; an AbortError
   */
  async write(
    bytes: number,
    attempt: () => Promise<void>,
    onRefused: (refusal: Refusal) => void,
    signal: AbortSignal,
  ): Promise<void> {
    this.#unwrittenBytes += bytes
    try {
      const refusal = await tried(attempt)
      if (refusal) await this.#writeLater(attempt, () => onRefused(refusal), signal)
    } finally {
      this.#unwrittenBytes -= bytes
    }
  }

  /** Has the next attempt of a waiting piece throw {@link GivenUpError}; dispose of the result when it has thrown. */
  giveUp(): Disposable {
    this.#givenUp++
    // After the caller has noted which piece.
    queueMicrotask(() => this.retry())
    return { [Symbol.dispose]: () => void this.#givenUp-- }
  }

  /** There may be space now. */
  retry(): void {
    this.#tries.emit('retry')
  }

  async #writeLater(attempt: () => Promise<void>, onRefused: () => void, signal: AbortSignal): Promise<void> {
    this.#waiting++
    this.#timer ??= setInterval(() => this.retry(), RETRY_MS)
    try {
      onRefused()
      do await once(this.#tries, 'retry', { signal })
      while (await tried(attempt))
    } finally {
      if (--this.#waiting === 0) {
        clearInterval(this.#timer)
        this.#timer = undefined
      }
    }
  }
}

/** @returns why the disk refused; `undefined` if it did not */
async function tried(attempt: () => Promise<void>): Promise<Refusal | undefined> {
  try {
    await attempt()
    return undefined
  } catch (error) {
    const refusal = refusalOf(error)
    if (!refusal) throw error
    return refusal
  }
}
