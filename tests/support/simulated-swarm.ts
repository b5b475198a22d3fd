import { createHash } from 'node:crypto'
import { EventEmitter } from 'node:events'
import type Wire from 'bittorrent-protocol'
import { vi } from 'vitest'
import type { Torrent } from 'webtorrent'
import type { TorrentInfo } from '../../src/domain/bittorrent/metainfo.ts'
import { Disk } from '../../src/engine/child/disk.ts'
import { BLOCK_BYTES } from '../../src/engine/child/fetch/assembly.ts'
import { Fetcher } from '../../src/engine/child/fetch/fetcher.ts'
import { PieceMemory } from '../../src/engine/child/piece-memory.ts'

const STEP_MS = 5
/** What all blocks consist of. */
const BYTE = 7

/** A peer that has every piece. Times in ms. */
export interface SimulatedPeer {
  readonly bytesPerSecond: number
  /** from one side to the other */
  readonly oneWayMs: number
  readonly unchokesAt?: number
  /** Its upload limit gives it a portion so often, for what was requested before. libtorrent: 500; default: it is even. */
  readonly everyMs?: number
  /** of the first portion */
  readonly firstAt?: number
}

export interface SimulatedSwarm extends Disposable {
  /** @returns when a piece was verified, in ms from the start; at the latest `longestMs` */
  verifiedAt(piece: number, longestMs: number): Promise<number>
  /** bytes of blocks that came again */
  wastedBytes(): number
}

/**
 * The fetcher of a torrent with simulated peers, in simulated time: a run takes no real time and is the same every time.
 * A reader waits for the first piece. Call it with vitest's fake timers, with `performance` among them.
 */
export function simulateSwarm(peers: readonly SimulatedPeer[], pieceLength = 1024 * 1024): SimulatedSwarm {
  const info: TorrentInfo = {
    name: 'Film.mkv',
    pieceLength,
    length: pieceLength,
    pieceCount: 1,
    pieceHashes: createHash('sha1').update(Buffer.alloc(pieceLength, BYTE)).digest(),
    files: [],
    isPrivate: false,
  }
  const verified = new Map<number, number>()
  let now = 0
  let wasted = 0
  const torrent = Object.assign(new EventEmitter(), {
    ready: true,
    destroyed: false,
    done: false,
    wires: [],
    bitfield: { get: (piece: number) => verified.has(piece) },
    store: { put: (_piece: number, _bytes: Buffer, done: (error: null) => void) => done(null) },
    _markVerified: (piece: number) => void verified.set(piece, now),
    _checkDone: () => undefined,
    _update: () => undefined,
  }) as unknown as Torrent
  const fetcher = new Fetcher(
    { torrent, infoOf: () => info, memory: new PieceMemory(), disk: new Disk(), isCrowded: () => false },
    {
      begun: () => undefined,
      guilty: () => undefined,
      silent: () => undefined,
      unwritable: () => undefined,
      giveUp: () => undefined,
    },
  )
  const seen = new Set<string>()
  const wires = peers.map(
    (peer) =>
      new SimulatedWire(peer, (block, length) => {
        if (seen.has(block)) wasted += length
        seen.add(block)
      }),
  )
  for (const wire of wires) fetcher.add(wire as unknown as Wire)
  fetcher.want([{ from: 0, to: 0, priority: 'urgent' }])

  return {
    async verifiedAt(piece, longestMs) {
      while (now < longestMs && !verified.has(piece)) {
        await vi.advanceTimersByTimeAsync(STEP_MS)
        now += STEP_MS
        for (const wire of wires) if (wire.step(now)) torrent._update()
      }
      return verified.get(piece) ?? longestMs
    },
    wastedBytes: () => wasted,
    [Symbol.dispose]: () => fetcher[Symbol.dispose](),
  }
}

interface Asked {
  readonly key: string
  readonly length: number
  answer: ((error: Error | null, chunk: Uint8Array | null) => void) | undefined
}

/** Something that reaches the other side at a time. */
interface OnTheWay<T> {
  readonly what: T
  readonly at: number
}

/** One peer and the way to it, in the place of a wire. */
class SimulatedWire extends EventEmitter {
  readonly destroyed = false
  peerChoking = true
  readonly peerExtendedHandshake = {}
  readonly peerPieces = { get: () => true }
  downloadSpeed = () => 0
  readonly #peer: Required<SimulatedPeer>
  readonly #onBlock: (block: string, length: number) => void
  readonly #requests: OnTheWay<Asked>[] = []
  readonly #cancels: OnTheWay<Asked>[] = []
  readonly #blocks: OnTheWay<Asked>[] = []
  #now = 0
  #quota = 0
  #used = 0
  #recentPortion = 0

  constructor(peer: SimulatedPeer, onBlock: (block: string, length: number) => void) {
    super()
    this.#peer = { unchokesAt: 0, everyMs: STEP_MS, firstAt: 0, ...peer }
    this.#onBlock = onBlock
  }

  _push(): boolean {
    return true
  }

  request(piece: number, offset: number, length: number, answer: Asked['answer']): void {
    const what = { key: `${piece} ${offset}`, length, answer }
    this.#requests.push({ what, at: this.#now + this.#peer.oneWayMs })
  }

  cancel(piece: number, offset: number): void {
    const isIt = ({ what }: OnTheWay<Asked>) => what.key === `${piece} ${offset}` && what.answer
    const { what } = [...this.#requests, ...this.#blocks].find(isIt) ?? {}
    if (!what) return
    this.#cancels.push({ what, at: this.#now + this.#peer.oneWayMs })
    const { answer } = what
    what.answer = undefined
    answer?.(new Error('cancelled'), null)
  }

  /** @returns whether it has just unchoked us */
  step(now: number): boolean {
    this.#now = now
    const isUnchoking = this.peerChoking && now >= this.#peer.unchokesAt
    if (isUnchoking) this.peerChoking = false
    for (let cancel = arrived(this.#cancels, now); cancel; cancel = arrived(this.#cancels, now)) {
      const at = this.#requests.findIndex(({ what }) => what === cancel)
      if (at >= 0) this.#requests.splice(at, 1)
    }
    this.#refill(now)
    this.#send(now)
    for (let block = arrived(this.#blocks, now); block; block = arrived(this.#blocks, now)) this.#give(block)
    return isUnchoking
  }

  #refill(now: number): void {
    const { bytesPerSecond, everyMs, firstAt } = this.#peer
    if (now < firstAt || (now - firstAt) % everyMs >= STEP_MS) return
    const portion = (bytesPerSecond * everyMs) / 1_000
    const queued = this.#requests
      .filter(({ at }) => at <= now)
      .reduce((sum, { what }) => sum + what.length, 0)
    // libtorrent 2.0 takes what is queued, or twice as much as lately.
    const most = everyMs > STEP_MS ? Math.max(queued, 2 * this.#recentPortion) : portion + BLOCK_BYTES
    this.#quota = Math.min(this.#quota + portion, most)
    this.#recentPortion += 0.3 * (this.#used - this.#recentPortion)
    this.#used = 0
  }

  #send(now: number): void {
    while ((this.#requests[0]?.what.length ?? Number.POSITIVE_INFINITY) <= this.#quota) {
      const what = arrived(this.#requests, now)
      if (!what) return
      this.#quota -= what.length
      this.#used += what.length
      this.#blocks.push({ what, at: now + this.#peer.oneWayMs })
    }
  }

  #give({ key, length, answer }: Asked): void {
    const [piece, offset] = key.split(' ').map(Number)
    const chunk = Buffer.alloc(length, BYTE)
    this.#onBlock(key, length)
    answer?.(null, chunk)
    this.emit('piece', piece, offset, chunk)
  }
}

function arrived<T>(way: OnTheWay<T>[], now: number): T | undefined {
  return way[0] && way[0].at <= now ? way.shift()?.what : undefined
}
