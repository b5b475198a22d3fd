import { BLOCK_BYTES } from './assembly.ts'

/** First requests to a peer of which nothing is known. */
const START_BLOCKS = 32
/**
 * Peers of which nothing is known share so many blocks, 4 MiB. That is more than most first pieces have: many peers with an
 * upload limit send every half a second what they were asked for before, so a piece should not need all of them.
 */
const SHARED_BLOCKS = 256
/** The share of one peer. */
const SHARE = { fewest: 12, most: 64 }
const FEWEST_BLOCKS = 2
const MAX_BLOCKS = 256
/** How long a request should wait at the peer before its turn, to bridge a pause on our side. */
const BRIDGE_MS = 30
/** A shorter wait means that the peer idles between requests; a longer one that they pile up. */
const WAIT_MS = { short: 5, long: 40 }
/** The same as shares of the round-trip time: if that is long, a little more does not matter. */
const WAIT = { short: 0.4, long: 0.8 }

/**
 * How many blocks to request from a peer in advance: as many as it gives in one round trip, and a few more. With fewer it
 * idles between requests. With more, the next block of a reader waits behind them, because blocks in the peer's send
 * buffer cannot be cancelled.
 *
 * Too few shows in the response times: answers as fast as the fastest ever mean that the peer had nothing else to do. This
 * happens with peers that send in bursts, and while we limit the rate ourselves.
 */
export class QueueDepth {
  #blocks = START_BLOCKS
  #isMeasured = false
  /** factor to the depth that follows from the rate alone */
  #boost = 1
  /** ms, about the round-trip time */
  #quickestMs = Number.POSITIVE_INFINITY
  /** ms, fastest and slowest answer of this measurement */
  #tickMs = Number.POSITIVE_INFINITY
  #latestMs = Number.POSITIVE_INFINITY

  get blocks(): number {
    return this.#blocks
  }

  /** Changes how many blocks are requested while the peer's rate is not known. */
  startWith(blocks: number): void {
    if (!this.#isMeasured) this.#blocks = blocks
  }

  /**
   * @param tookMs - from the request to the block
   * @param ahead - open requests when this one was sent
   */
  onAnswer(tookMs: number, ahead: number): void {
    this.#quickestMs = Math.min(this.#quickestMs, tookMs)
    // A request to an empty queue says nothing about the right length of the queue.
    if (ahead < this.#blocks / 2) return
    this.#tickMs = Math.min(this.#tickMs, tookMs)
    this.#latestMs = tookMs
  }

  /** Called ten times a second. */
  onTick(bytesPerSecond: number): void {
    if (bytesPerSecond === 0) return
    this.#isMeasured = true
    const shortMs = Math.max(WAIT_MS.short, WAIT.short * this.#quickestMs)
    const longMs = Math.max(WAIT_MS.long, WAIT.long * this.#quickestMs)
    if (this.#latestMs - this.#quickestMs < shortMs) this.#boost = Math.min(this.#boost * 2, MAX_BLOCKS)
    else if (this.#tickMs - this.#quickestMs > longMs && this.#tickMs < Number.POSITIVE_INFINITY)
      this.#boost = Math.max(this.#boost / 2, 1)
    const byPace = (bytesPerSecond / BLOCK_BYTES) * ((this.#quickestMs + BRIDGE_MS) / 1000)
    this.#blocks = Math.min(MAX_BLOCKS, Math.max(FEWEST_BLOCKS, Math.ceil(byPace * this.#boost)))
    this.#tickMs = Number.POSITIVE_INFINITY
    this.#latestMs = Number.POSITIVE_INFINITY
  }
}

/**
 * How many blocks to request at first from a peer that has not given anything: fewer, the more peers there are. If a few
 * slow ones were asked for all of a first piece, it would take as long as they do.
 *
 * @param usablePeers - peers that may be asked, this one included
 */
export function firstShare(usablePeers: number): number {
  const share = Math.ceil(SHARED_BLOCKS / Math.max(1, usablePeers))
  return Math.min(Math.max(SHARE.fewest, share), SHARE.most)
}
