import type Wire from 'bittorrent-protocol'
import { type Assembly, BLOCK_BYTES } from './assembly.ts'
import { Pace } from './pace.ts'
import { QueueDepth } from './queue-depth.ts'

/** What a peer would answer later than that is better asked for elsewhere. */
const LATE = { seconds: 2, fewestBlocks: 4 }
/** bytes per second, of a peer that has not given anything yet */
const LIKELY_RATE = 1_000_000
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
  /** how many requests the peer had not answered then */
  readonly ahead: number
}

/** What one peer was asked for, how fast it answers, and so how much more it may be asked for. */
export class Peer {
  readonly wire: Wire
  /** in the order in which they were asked, which is the order in which most peers answer */
  readonly requests: BlockRequest[] = []
  /** It has been stuck: nobody waits for it, but one block that it answers makes up for that. */
  isStuck = false
  readonly #pace = new Pace()
  readonly #queue = new QueueDepth()
  readonly #calledBack = new Set<string>()
  #blocks = 0
  #wasBusy = false
  #lastBlockAt = 0
  /** By then it has sent what was called back and could not be stopped, at the worst. */
  #drainedAt = 0
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
    if (this.isStuck) return 1
    const { reqq } = this.wire.peerExtendedHandshake
    return typeof reqq === 'number' && reqq > 0 ? Math.min(reqq, this.#queue.blocks) : this.#queue.blocks
  }

  /** What it has been asked for and will not answer soon. */
  get late(): readonly BlockRequest[] {
    if (this.rate === 0) return []
    const inTime = Math.ceil((this.rate * LATE.seconds) / BLOCK_BYTES)
    return this.requests.slice(Math.max(LATE.fewestBlocks, inTime))
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
    return Math.max(silence, this.#secondsFor(index + 1, now))
  }

  /** Seconds until a block would be answered that is asked for now. */
  etaOfNext(now: number): number {
    return this.#secondsFor(this.requests.length + 1, now)
  }

  /** It has answered a request with a block. */
  onBlock(bytes: number, request: BlockRequest, now: number): void {
    this.#blocks++
    this.#pace.add(bytes)
    this.#queue.onAnswer(now - request.askedAt, request.ahead)
    this.#lastBlockAt = now
    if (this.isStuck) {
      this.isStuck = false
      this.#patienceMs = Math.min(2 * this.#patienceMs, PATIENCE_MS.longest)
    } else if (this.#blocks === 1) this.#patienceMs = PATIENCE_MS.proven
  }

  onCalledBack({ assembly, block }: BlockRequest, now: number): void {
    this.#drainedAt = Math.max(this.#drainedAt, now) + (BLOCK_BYTES * 1000) / (this.rate || LIKELY_RATE)
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
    this.#queue.onTick(this.rate)
    this.#wasBusy = this.requests.length > 0
  }

  /** Whether it has had requests for longer than is usual without answering any. */
  isSilent(now: number): boolean {
    const [oldest] = this.requests
    return oldest !== undefined && now - Math.max(oldest.askedAt, this.#lastBlockAt) > this.#patienceMs
  }

  #secondsFor(blocks: number, now: number): number {
    if (this.isStuck) return Number.POSITIVE_INFINITY
    const drained = Math.max(0, this.#drainedAt - now) / 1000
    return drained + (blocks * BLOCK_BYTES) / (this.rate || LIKELY_RATE)
  }
}
