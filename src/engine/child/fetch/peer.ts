import type Wire from 'bittorrent-protocol'
import { type Assembly, BLOCK_BYTES } from './assembly.ts'
import { Pace } from './pace.ts'

/** Blocks that a peer is asked for at once when nothing is known of it. */
const START_BLOCKS = 32
const FEWEST_BLOCKS = 4
const MOST_BLOCKS = 256
/**
 * How much is asked for in advance, in seconds of the peer's speed: a new request must not queue behind old ones for
 * long. Slower peers send in bursts, and get longer as long as it is no more than {@link START_BLOCKS}.
 */
const QUEUE_SECONDS = { fast: 0.3, slow: 1 }
/** What a peer would answer later than that is better asked for elsewhere. */
const LATE_SECONDS = 2
/** With requests open and no block for so long, a peer counts as stuck; one that has never given anything gets longer. */
const PATIENCE_MS = { proven: 1_000, unproven: 2_000, longest: 16_000 }

/** Requests that were called back are remembered: they may be answered all the same, if that was on its way already. */
const MOST_CALLED_BACK = 512

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
  readonly #pace = new Pace()
  readonly #calledBack = new Set<string>()
  /** s, of the quickest answer: about what the distance costs */
  #latency = Number.POSITIVE_INFINITY
  #blocks = 0
  #wasBusy = false
  #lastBlockAt = 0
  #patienceMs: number = PATIENCE_MS.unproven

  constructor(wire: Wire) {
    this.wire = wire
  }

  /** bytes per second, 0 when it has not given anything yet */
  get rate(): number {
    return this.#pace.bytesPerSecond
  }

  get isUsable(): boolean {
    return !this.wire.destroyed && !this.wire.peerChoking
  }

  /** How many blocks it should be asked for in advance. */
  get depth(): number {
    const { reqq } = this.wire.peerExtendedHandshake
    const most = typeof reqq === 'number' && reqq > 0 ? Math.min(reqq, MOST_BLOCKS) : MOST_BLOCKS
    if (this.isStuck) return 1
    if (this.rate === 0) return Math.min(START_BLOCKS, most)
    const floor = Math.max(FEWEST_BLOCKS, Math.min(START_BLOCKS, this.#blocksIn(QUEUE_SECONDS.slow)))
    return Math.min(most, Math.max(floor, this.#blocksIn(QUEUE_SECONDS.fast)))
  }

  /** What it has been asked for and will not answer soon. */
  get late(): readonly BlockRequest[] {
    if (this.rate === 0) return []
    return this.requests.slice(Math.max(FEWEST_BLOCKS, this.#blocksIn(LATE_SECONDS)))
  }

  /** How many more blocks to ask for now. Small change is left until there is more of it: each message has its price. */
  get room(): number {
    const { depth } = this
    const room = depth - this.requests.length
    return room * 4 >= depth ? room : 0
  }

  /** Seconds until a request is answered, at the pace of the last ones; where it is silent, that long at least. */
  etaOf(index: number, now: number): number {
    const silence = (now - Math.max(this.#lastBlockAt, this.requests[index]?.askedAt ?? now)) / 1000
    return Math.max(silence, this.#secondsFor(index + 1))
  }

  /** Seconds until a block would be answered that is asked for now. */
  get etaOfNext(): number {
    return this.#secondsFor(this.requests.length + 1)
  }

  /** It has answered a request with a block. */
  onBlock(bytes: number, request: BlockRequest, now: number): void {
    this.#blocks++
    this.#pace.add(bytes)
    this.#latency = Math.min(this.#latency, (now - request.askedAt) / 1000)
    this.#lastBlockAt = now
    if (this.isStuck) {
      this.isStuck = false
      this.#patienceMs = Math.min(2 * this.#patienceMs, PATIENCE_MS.longest)
    } else if (this.#blocks === 1) this.#patienceMs = PATIENCE_MS.proven
  }

  onCalledBack({ assembly, block }: BlockRequest): void {
    this.#calledBack.add(`${assembly.piece} ${block}`)
    for (const oldest of this.#calledBack) {
      if (this.#calledBack.size <= MOST_CALLED_BACK) return
      this.#calledBack.delete(oldest)
    }
  }

  /** It has sent a block that nobody waits for. @returns whether it was asked for it before that was called back */
  onLateBlock(bytes: number, piece: number, block: number): boolean {
    if (this.#calledBack.size === 0 || !this.#calledBack.delete(`${piece} ${block}`)) return false
    this.#pace.add(bytes)
    return true
  }

  /** Measures; called several times a second. */
  onTick(seconds: number): void {
    this.#pace.measure(seconds, this.#wasBusy && this.requests.length > 0)
    this.#wasBusy = this.requests.length > 0
  }

  /** Whether it has had requests for longer than is usual without answering any. */
  isSilent(now: number): boolean {
    const [oldest] = this.requests
    return oldest !== undefined && now - Math.max(oldest.askedAt, this.#lastBlockAt) > this.#patienceMs
  }

  #secondsFor(blocks: number): number {
    if (this.isStuck) return Number.POSITIVE_INFINITY
    if (this.rate === 0) return blocks === 1 ? 0.1 : Number.POSITIVE_INFINITY
    return (blocks * BLOCK_BYTES) / this.rate
  }

  /** What it gives in so many seconds, and in the time that a request takes to it and back. */
  #blocksIn(seconds: number): number {
    return Math.ceil((this.rate * (this.#latency + seconds)) / BLOCK_BYTES)
  }
}
