import type Wire from 'bittorrent-protocol'
import { type Assembly, BLOCK_BYTES } from './assembly.ts'

/** Blocks that a peer is asked for at once when nothing is known of it. */
const START_BLOCKS = 32
const FEWEST_BLOCKS = 4
const MOST_BLOCKS = 256
/** How much is asked for in advance, in seconds of the peer's speed: a new request must not queue behind old ones for long. */
const QUEUE_SECONDS = 0.3
/** How much of the old rate stays when a peer slows down; when it speeds up, nothing does. */
const DECAY = 0.7
/** With requests open and no block for so long, a peer counts as stuck; one that has never given anything gets longer. */
const PATIENCE_MS = { proven: 1_000, unproven: 2_000, longest: 16_000 }

/** A block that a peer was asked for and has not answered. */
export interface BlockRequest {
  readonly assembly: Assembly<Peer>
  readonly block: number
  /** ms, on the monotonic clock */
  readonly askedAt: number
}

/** What one peer was asked for, how fast it answers, and so how much more it may be asked for. */
export class Peer {
  readonly wire: Wire
  /** in the order in which they were asked, which is the order in which most peers answer */
  readonly requests: BlockRequest[] = []
  /** It has been stuck: nobody waits for it, but one block that it answers makes up for that. */
  isStuck = false
  /** bytes per second while it had something to answer; 0 = not known */
  #rate = 0
  /** s, of the quickest answer: about what the distance costs */
  #latency = Number.POSITIVE_INFINITY
  #blocks = 0
  #bytesInTick = 0
  #wasBusy = false
  #lastBlockAt = 0
  #patienceMs: number = PATIENCE_MS.unproven

  constructor(wire: Wire) {
    this.wire = wire
  }

  /** bytes per second, 0 when it has not given anything yet */
  get rate(): number {
    return this.#rate
  }

  get isUsable(): boolean {
    return !this.wire.destroyed && !this.wire.peerChoking
  }

  /** How many blocks it should be asked for in advance. */
  get depth(): number {
    const { reqq } = this.wire.peerExtendedHandshake
    const most = typeof reqq === 'number' && reqq > 0 ? Math.min(reqq, MOST_BLOCKS) : MOST_BLOCKS
    if (this.isStuck) return 1
    if (this.#blocks < START_BLOCKS && this.#rate === 0) return Math.min(START_BLOCKS, most)
    const wanted = Math.ceil((this.#rate * (this.#latency + QUEUE_SECONDS)) / BLOCK_BYTES)
    return Math.max(Math.min(wanted, most), Math.min(FEWEST_BLOCKS, most))
  }

  /** How many more blocks to ask for now. Small change is left until there is more of it: each message has its price. */
  get room(): number {
    const { depth } = this
    const room = depth - this.requests.length
    return room * 4 >= depth ? room : 0
  }

  /** Seconds until a request is answered, at the pace of the last ones. */
  etaOf(request: BlockRequest, now: number): number {
    const silence = (now - Math.max(this.#lastBlockAt, request.askedAt)) / 1000
    return Math.max(silence, this.#secondsFor(this.requests.indexOf(request) + 1))
  }

  /** Seconds until a block would be answered that is asked for now. */
  get etaOfNext(): number {
    return this.#secondsFor(this.requests.length + 1)
  }

  /** It has answered a request with a block. */
  onBlock(bytes: number, request: BlockRequest, now: number): void {
    this.#blocks++
    this.#bytesInTick += bytes
    this.#latency = Math.min(this.#latency, (now - request.askedAt) / 1000)
    this.#lastBlockAt = now
    if (this.isStuck) {
      this.isStuck = false
      this.#patienceMs = Math.min(2 * this.#patienceMs, PATIENCE_MS.longest)
    } else if (this.#blocks === 1) this.#patienceMs = PATIENCE_MS.proven
  }

  /** Measures; called several times a second. */
  onTick(seconds: number): void {
    const rate = this.#bytesInTick / seconds
    // A tick that began or ended with nothing to answer says nothing about how fast it could have been.
    if (rate > this.#rate) this.#rate = rate
    else if (this.#wasBusy) this.#rate = this.#rate * DECAY + rate * (1 - DECAY)
    this.#bytesInTick = 0
    this.#wasBusy = this.requests.length > 0
  }

  /** Whether it has had requests for longer than is usual without answering any. */
  isSilent(now: number): boolean {
    const [oldest] = this.requests
    return oldest !== undefined && now - Math.max(oldest.askedAt, this.#lastBlockAt) > this.#patienceMs
  }

  #secondsFor(blocks: number): number {
    if (this.isStuck) return Number.POSITIVE_INFINITY
    if (this.#rate === 0) return blocks === 1 ? 0.1 : Number.POSITIVE_INFINITY
    return (blocks * BLOCK_BYTES) / this.#rate
  }
}
