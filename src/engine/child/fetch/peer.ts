import type Wire from 'bittorrent-protocol'
import { MIN_USEFUL_RATE } from '../dialler/least-useful.ts'
import { type Assembly, BLOCK_BYTES } from './assembly.ts'
import { Pace } from './pace.ts'
import { QueueDepth } from './queue-depth.ts'
import { Silence } from './silence.ts'

/** Requests that a peer would answer later than this are better sent to another. */
const LATE = { seconds: 2, fewestBlocks: 4 }
/** assumed rate of a peer that has not given anything yet, in bytes per second */
const LIKELY_RATE = 1_000_000
/** Open requests of a peer that has not given anything, while others have. */
const TRIAL_BLOCKS = 4
/** Interval of requests to a stuck peer that refuses them. */
const ASK_AGAIN_MS = 1_000
/** The same, if it neither answers nor refuses them: they may be lost. */
const LOST_MS = 5_000
/** A new peer counts as useful for this long before it has given anything. */
const NEW_MS = 3_000

/**
 * Cancelled requests that are remembered: they may still be answered, if the answer was on its way. A Set, because an
 * LRUCache would allocate space for all of them, for each peer.
 */
const MAX_CANCELLED = 512

/** An open request for a block. */
export interface BlockRequest {
  readonly assembly: Assembly<Peer>
  readonly block: number
  /** ms, on the monotonic clock */
  readonly askedAt: number
  /** other open requests to the peer at that time */
  readonly ahead: number
}

/** The open requests of one peer, how fast it answers, and so how many more it may get. */
export class Peer {
  readonly wire: Wire
  /** in the order in which they were sent, in which most peers answer */
  readonly requests: BlockRequest[] = []
  readonly silence = new Silence()
  /** ms, on the monotonic clock */
  readonly joinedAt: number
  /** when it last sent a metadata message; 0 = never */
  metadataAt = 0
  /** Other peers have given something, and this one has not. */
  isOnTrial = false
  /** it has announced at least one piece */
  hasPieces = false
  /** ms, on the monotonic clock */
  chokingChangedAt: number
  readonly #pace = new Pace()
  readonly #queue = new QueueDepth()
  readonly #cancelled = new Set<string>()
  #wasBusy = false
  #lastBlockAt = 0
  /** when blocks that were cancelled too late should have arrived */
  #drainedAt = 0
  /** while it is stuck: the block that it is asked for to see whether it answers again */
  #test: { readonly piece: number; readonly block: number; readonly bytes: number } | undefined
  #testedAt = Number.NEGATIVE_INFINITY
  #isBeingTested = false

  constructor(wire: Wire, joinedAt: number = performance.now()) {
    this.wire = wire
    this.joinedAt = joinedAt
    this.chokingChangedAt = joinedAt
  }

  /** How many blocks it is asked for until its rate is known. */
  set share(blocks: number) {
    this.#queue.startWith(blocks)
  }

  get isChoking(): boolean {
    return this.wire.peerChoking
  }

  get isAsked(): boolean {
    return this.requests.length > 0
  }

  /** It gives something, or is new and may do so. */
  isUseful(now: number): boolean {
    return this.isUsable && (this.rate > MIN_USEFUL_RATE || now - this.joinedAt < NEW_MS)
  }

  /** bytes per second; 0 = it has not given anything yet */
  get rate(): number {
    return this.#pace.bytesPerSecond
  }

  get isUsable(): boolean {
    return !this.wire.destroyed && !this.wire.peerChoking
  }

  get isStuck(): boolean {
    return this.silence.isStuck
  }

  /** It has given something in this connection. */
  get isProven(): boolean {
    return this.silence.isProven
  }

  /** Whether it is expected to answer. */
  get isFit(): boolean {
    return this.isUsable && !this.isStuck
  }

  /** ms on the monotonic clock; 0 = never */
  get lastBlockAt(): number {
    return this.#lastBlockAt
  }

  /** Limit of open requests. */
  get depth(): number {
    if (this.isStuck) return 0
    const { reqq } = this.wire.peerExtendedHandshake
    const blocks = this.isOnTrial ? TRIAL_BLOCKS : this.#queue.blocks
    return typeof reqq === 'number' && reqq > 0 ? Math.min(reqq, blocks) : blocks
  }

  /** Open requests that it will not answer soon. */
  get late(): readonly BlockRequest[] {
    if (this.rate === 0) return []
    const inTime = Math.ceil((this.rate * LATE.seconds) / BLOCK_BYTES)
    return this.requests.slice(Math.max(LATE.fewestBlocks, inTime))
  }

  /** How many more blocks to request now; 0 while it would be few, because each message has its cost. */
  get room(): number {
    const { depth } = this
    const room = depth - this.requests.length
    return room > 0 && room * 4 >= depth ? room : 0
  }

  /** Seconds until a request is answered, by the recent rate; at least as long as the peer has been silent. */
  etaOf(index: number, now: number): number {
    const silence = (now - Math.max(this.#lastBlockAt, this.requests[index]?.askedAt ?? now)) / 1000
    return Math.max(silence, this.#secondsFor(index + 1, now))
  }

  /** Seconds until a block that is requested now would arrive; a silent peer may stay so for as long again. */
  etaOfNext(now: number): number {
    return Math.max(this.silence.owedSeconds, this.#secondsFor(this.requests.length + 1, now))
  }

  /** Seconds that this number of blocks takes, without other requests. */
  secondsFor(blocks: number): number {
    if (this.isStuck) return Number.POSITIVE_INFINITY
    return Math.max(this.silence.owedSeconds, (blocks * BLOCK_BYTES) / (this.rate || LIKELY_RATE))
  }

  /** The peer answered a request with a block. */
  onBlock(bytes: number, request: BlockRequest, now: number): void {
    this.#pace.add(bytes)
    this.#queue.onAnswer(now - request.askedAt, request.ahead)
    this.#onAnything(now)
  }

  onCancelled({ assembly, block }: BlockRequest, now: number): void {
    this.#drainedAt = Math.max(this.#drainedAt, now) + (BLOCK_BYTES * 1000) / (this.rate || LIKELY_RATE)
    this.#cancelled.add(`${assembly.piece} ${block}`)
    for (const oldest of this.#cancelled) {
      if (this.#cancelled.size <= MAX_CANCELLED) return
      this.#cancelled.delete(oldest)
    }
  }

  /** The peer sent a block without an open request. @returns whether it is the answer to a cancelled one */
  onLateBlock(bytes: number, piece: number, block: number, now: number): boolean {
    if (this.#cancelled.size === 0 || !this.#cancelled.delete(`${piece} ${block}`)) return false
    this.#pace.add(bytes)
    this.#onAnything(now)
    return true
  }

  /** Measures; called several times a second. */
  onTick(seconds: number): void {
    this.#pace.measure(seconds, this.#wasBusy && this.requests.length > 0)
    this.silence.onTick(seconds, this.#wasBusy && this.requests.length > 0)
    this.#queue.onTick(this.rate)
    this.#wasBusy = this.requests.length > 0
  }

  /** The peer is stuck: its blocks are requested elsewhere. One block from it makes up for that. */
  getStuck(): void {
    const [oldest] = this.requests
    if (oldest) {
      const { assembly, block } = oldest
      this.#test = { piece: assembly.piece, block, bytes: assembly.lengthOf(block) }
    }
    this.silence.isStuck = true
  }

  /** Asks a stuck peer again for a block that it owed, one request at a time. Others may be asked for the same block. */
  askAgain(now: number): void {
    const pauseMs = this.#isBeingTested ? LOST_MS : ASK_AGAIN_MS
    if (!this.#test || !this.isUsable || now - this.#testedAt < pauseMs) return
    const { piece, block, bytes } = this.#test
    this.#testedAt = now
    this.#isBeingTested = true
    // Its answer is treated as a late block.
    this.#cancelled.add(`${piece} ${block}`)
    this.wire.request(piece, block * BLOCK_BYTES, bytes, () => {
      this.#isBeingTested = false
    })
  }

  #onAnything(now: number): void {
    if (this.isStuck) this.#drainedAt = now
    this.#lastBlockAt = now
    this.isOnTrial = false
    this.silence.onBlock()
  }

  #secondsFor(blocks: number, now: number): number {
    if (this.isStuck) return Number.POSITIVE_INFINITY
    const drained = Math.max(0, this.#drainedAt - now) / 1000
    return drained + (blocks * BLOCK_BYTES) / (this.rate || LIKELY_RATE)
  }
}

/** Watches the messages that decide whether a peer keeps its place. */
export function noteUsefulness(peer: Peer): void {
  const { wire } = peer
  for (const event of ['choke', 'unchoke']) {
    wire.on(event, () => {
      peer.chokingChangedAt = performance.now()
    })
  }
  const onPieces = () => {
    peer.hasPieces = true
  }
  wire.once('have', onPieces)
  wire.once('have-all', onPieces)
  wire.on('bitfield', ({ buffer }: { readonly buffer: Uint8Array }) => {
    if (buffer.some((bits) => bits !== 0)) onPieces()
  })
}
