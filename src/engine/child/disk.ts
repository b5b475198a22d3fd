import { EventEmitter, once } from 'node:events'
import { type Refusal, refusalOf } from '../../disk/disk-errors.ts'

/** Room may come without anybody saying so: the user deletes a file. */
const RETRY_MS = 1_000
/** While so much waits to be written nothing more is asked for: the disk is the bottleneck. */
const MOST_UNWRITTEN_BYTES = 64 * 1024 * 1024

/** A piece waited for room on the disk, and its memory was needed for something else. */
export class GivenUpError extends Error {}

/**
 * What the torrents in one folder have in common: the disk they are written to. Where it takes nothing more, what has
 * come waits in memory, and nothing more is fetched for any of them.
 */
export class Disk {
  readonly #tries = new EventEmitter().setMaxListeners(0)
  readonly #mostUnwritten: number
  #unwrittenBytes = 0
  #waiting = 0
  #givenUp = 0
  #timer: NodeJS.Timeout | undefined

  constructor(mostUnwrittenBytes = MOST_UNWRITTEN_BYTES) {
    this.#mostUnwritten = mostUnwrittenBytes
  }

  /**
   * Whether a piece that waits may be given up for the sake of memory. One always stays: writing it is how it is
   * noticed that there is room again.
   */
  get canGiveUp(): boolean {
    return this.#waiting - this.#givenUp > 1
  }

  /** Nothing waits for room. */
  get isTaking(): boolean {
    return this.#waiting === 0
  }

  /** Whether more may be fetched: it would soon be written. */
  get mayFetch(): boolean {
    return this.isTaking && this.#unwrittenBytes < this.#mostUnwritten
  }

  /**
   * Writes; where the disk takes nothing more, again whenever there may be room.
   *
   * @param bytes - how much it is, held in memory until then
   * @param attempt - may be called again after it failed
   * @param onRefused - called once if it has to wait
   * @throws what `attempt` throws for another reason; an AbortError
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

  /** The next attempt of a piece that waits will throw {@link GivenUpError}. Disposing of this says that it has. */
  giveUp(): Disposable {
    this.#givenUp++
    // After the caller has noted which one.
    queueMicrotask(() => this.retry())
    return { [Symbol.dispose]: () => void this.#givenUp-- }
  }

  /** There may be room now. */
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

/** @returns why the disk did not take it; `undefined` if it did */
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
