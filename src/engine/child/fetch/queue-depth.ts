import { BLOCK_BYTES } from './assembly.ts'

/** Asked for at once of a peer of which nothing is known. */
const START_BLOCKS = 32
const FEWEST_BLOCKS = 2
const MOST_BLOCKS = 256
/** How long a block should wait at the peer before its turn comes, to bridge a hiccup of ours. */
const BRIDGE_MS = 30
/** A wait so short says that the peer idles between our requests; one so long that they pile up. */
const WAIT_MS = { short: 5, long: 40 }
/** The same as parts of the time that it takes there and back: where that is long, little more is no loss. */
const WAIT = { short: 0.4, long: 0.8 }

/**
 * How many blocks a peer should be asked for in advance: what it gives in the time there and back, and a little more.
 * Too few, and it idles between our requests; too many, and whatever a reader needs next waits behind them, because
 * what a peer has in its send buffer cannot be called back.
 *
 * Whether it is too few shows in how long the answers take: no longer than the quickest ever means that there was
 * nothing to do before. So it is with peers that send in bursts, and with those whose pace we hold back ourselves.
 */
export class QueueDepth {
  #blocks = START_BLOCKS
  /** what the pace alone would give, times so much */
  #boost = 1
  /** ms, about what the distance costs */
  #quickestMs = Number.POSITIVE_INFINITY
  /** ms, quickest and latest answer of this measurement */
  #tickMs = Number.POSITIVE_INFINITY
  #latestMs = Number.POSITIVE_INFINITY

  get blocks(): number {
    return this.#blocks
  }

  /**
   * @param tookMs - from the request to the block
   * @param ahead - how many requests had not been answered when this one was made
   */
  onAnswer(tookMs: number, ahead: number): void {
    this.#quickestMs = Math.min(this.#quickestMs, tookMs)
    // One that found the queue empty says nothing about how long the queue should be.
    if (ahead < this.#blocks / 2) return
    this.#tickMs = Math.min(this.#tickMs, tookMs)
    this.#latestMs = tookMs
  }

  /** Called ten times a second. */
  onTick(bytesPerSecond: number): void {
    if (bytesPerSecond === 0) return
    const shortMs = Math.max(WAIT_MS.short, WAIT.short * this.#quickestMs)
    const longMs = Math.max(WAIT_MS.long, WAIT.long * this.#quickestMs)
    if (this.#latestMs - this.#quickestMs < shortMs) this.#boost = Math.min(this.#boost * 2, MOST_BLOCKS)
    else if (this.#tickMs - this.#quickestMs > longMs && this.#tickMs < Number.POSITIVE_INFINITY)
      this.#boost = Math.max(this.#boost / 2, 1)
    const byPace = (bytesPerSecond / BLOCK_BYTES) * ((this.#quickestMs + BRIDGE_MS) / 1000)
    this.#blocks = Math.min(MOST_BLOCKS, Math.max(FEWEST_BLOCKS, Math.ceil(byPace * this.#boost)))
    this.#tickMs = Number.POSITIVE_INFINITY
    this.#latestMs = Number.POSITIVE_INFINITY
  }
}
