import net from 'node:net'
import type Wire from 'bittorrent-protocol'
import type { DialledPeer, Torrent } from 'webtorrent'
import type { Encryption } from '../../engine.ts'
import { type Candidate, Candidates } from './candidates.ts'
import { type EndedDial, outcomeOf } from './dial-outcome.ts'
import type { DialState } from './dial-plan.ts'
import { greetAtOnce } from './greeting.ts'
import { type ConnectedPeer, leastUseful } from './least-useful.ts'
import { timeLimits } from './time-limits.ts'

/** A hungry torrent may have so many times its usual number of peers: which of them give anything shows only later. */
const PLACES_WHEN_HUNGRY = 3

/** What a torrent needs of its peers, as the fetcher knows it. */
export interface PeerDemand {
  /** There is no metadata, or a reader waits and too few peers give something. */
  needsPeers(): boolean
  /** Peers with a handshake. */
  peers(): Iterable<ConnectedPeer & { readonly wire: Wire }>
}

export interface DiallingOptions {
  /** peers of a torrent that does not need more */
  readonly maxPeers: number
  readonly encryption: Encryption
  readonly utp: boolean
}

/** An address that was dialled, until its connection has ended. */
interface Dial {
  readonly candidate: Candidate
  readonly peer: DialledPeer
  readonly startedAt: number
  /** as far as it has come */
  readonly state: { -readonly [Key in keyof EndedDial]: EndedDial[Key] }
}

/** The connections of one torrent to peers that it dials itself. */
export class TorrentDials implements DialState, Disposable {
  readonly openedAt: number
  dialled = 0
  isHungry = true
  readonly #torrent: Torrent
  readonly #demand: PeerDemand
  readonly #options: DiallingOptions
  readonly #candidates: Candidates
  readonly #connect: (address: string, type: string, source?: string) => DialledPeer | null
  readonly #onCandidate: () => void
  readonly #dials = new Map<string, Dial>()
  #inProgress = 0

  /**
   * Takes over whom a torrent connects to, and when. Call it before the first peer.
   *
   * @param onCandidate - there may be an address to dial
   */
  constructor(torrent: Torrent, demand: PeerDemand, options: DiallingOptions, onCandidate: () => void) {
    this.openedAt = performance.now()
    this.#torrent = torrent
    this.#demand = demand
    this.#options = options
    this.#candidates = new Candidates(options.encryption, options.utp)
    this.#onCandidate = onCandidate
    const addPeer = torrent._addPeer.bind(torrent)
    this.#connect = (address, type, source) => addPeer(address, type, source) as DialledPeer | null
    // webtorrent dials the first of its queue whenever it calls this.
    torrent._drain = onCandidate
    torrent._addPeer = (peer, type, source) => {
      if (typeof peer !== 'string') return addPeer(peer, type, source)
      return torrent._validAddr(peer) && this.add(peer, source) ? WAITING : null
    }
    // It ends connections to peers that choke us for five seconds while this is not 0, also if no other peer needs the place.
    Object.defineProperty(torrent, '_numQueued', { value: 0 })
    torrent.on('wire', (wire: Wire, address?: string) => this.#onHandshake(wire, address))
  }

  /** The parameters are those of {@link Candidates.add}. */
  add(address: string, source?: string, isPreferred = false, isEncrypted = false): boolean {
    const isNew = this.#candidates.add(address, source, isPreferred, isEncrypted)
    if (isNew) this.#onCandidate()
    return isNew
  }

  /** Addresses that have not been dialled yet. */
  get waiting(): number {
    return this.#candidates.untried
  }

  get dials(): number {
    return this.#inProgress
  }

  get hasCandidate(): boolean {
    // Most dials lead to no peer: a hungry torrent counts those that did only.
    const peers = this.#torrent.wires.length + (this.isHungry ? 0 : this.#inProgress)
    return peers < this.places && this.#candidates.canTake(performance.now())
  }

  /** The peers that were dialled, and are connected. */
  *connected(): Generator<{ readonly candidate: Candidate; readonly wire: Wire }, void, void> {
    for (const { candidate, peer } of this.#dials.values()) {
      if (peer.wire) yield { candidate, wire: peer.wire }
    }
  }

  /** Other peers wait for a place, and there is none. */
  get isCrowded(): boolean {
    return this.#isFull && this.waiting > 0
  }

  get #isFull(): boolean {
    return this.#torrent.wires.length >= this.places
  }

  /** @param source - addresses from elsewhere are forgotten, and not dialled again */
  retainOnly(source: string): void {
    this.#candidates.retainOnly(source)
  }

  dialNext(now: number): void {
    const candidate = this.#candidates.take(now)
    if (!candidate) return
    this.dialled++
    const isUtp = candidate.manner === 'utp'
    const peer = this.#connect(candidate.address, isUtp ? 'utp' : 'tcp', candidate.source)
    if (!peer) {
      // It was banned, or came to us, while it waited.
      this.#candidates.settle(candidate)
      this.#candidates.ended(candidate, 'gave nothing', now)
      return
    }
    this.#torrent._queue?.pop()
    peer.secure = candidate.manner === 'encrypted' ? 1 : 0
    this.#inProgress++
    const dial = { candidate, peer, startedAt: now, state: { ...NOT_YET } }
    this.#dials.set(candidate.address, dial)
    if (candidate.manner !== 'careful') greetAtOnce(peer, this.#torrent)
    this.#open(dial, isUtp)
  }

  /** Ends what takes too long, and connections to peers that are of no use while others wait for their places. */
  tick(now: number): void {
    this.isHungry = this.#demand.needsPeers()
    const isAnotherWaiting = this.#candidates.untried > 0
    for (const { candidate, peer, startedAt, state } of this.#dials.values()) {
      const { connectedAt, handshakeAt } = state
      if (handshakeAt) continue
      const limits = timeLimits(isAnotherWaiting, candidate.manner === 'encrypted')
      const isLate = connectedAt ? now - connectedAt > limits.handshake : now - startedAt > limits.connect
      if (isLate) peer.destroy(new Error(connectedAt ? 'no handshake in time' : 'no connection in time'))
    }
    if (this.isCrowded) leastUseful(this.#demand.peers(), this.isHungry, now)?.wire.destroy()
  }

  /** Whether a peer whose handshake has just come may stay; another may have to go for it. */
  admit(wire: Wire, now: number): boolean {
    const { wires } = this.#torrent
    if (wires.length <= this.places) return true
    const others = [...this.#demand.peers()].filter((peer) => peer.wire !== wire)
    const least = leastUseful(others, this.isHungry, now)
    least?.wire.destroy()
    return least !== undefined
  }

  [Symbol.dispose](): void {
    this.#dials.clear()
    this.#inProgress = 0
  }

  /** Peers that the torrent may have now. */
  get places(): number {
    return this.#options.maxPeers * (this.isHungry ? PLACES_WHEN_HUNGRY : 1)
  }

  #open(dial: Dial, isUtp: boolean): void {
    const { peer, candidate } = dial
    const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(candidate.address) ?? []
    const { utpServer } = this.#torrent.client._connPool
    const conn =
      isUtp && utpServer ? utpServer.connect(Number(port), host) : net.connect({ host, port: Number(port) })
    peer.conn = conn
    conn.once('connect', () => {
      dial.state.connectedAt = performance.now()
      if (!this.#torrent.destroyed) peer.onConnect()
    })
    conn.once('end', () => {
      dial.state.isHungUp = true
    })
    conn.once('error', (error: Error) => {
      dial.state.isHungUp = true
      peer.destroy(error)
    })
    conn.once('close', () => {
      peer.destroy()
      dial.state.hasBytes = conn.bytesRead > 0
      this.#onEnd(dial)
    })
  }

  #onHandshake(wire: Wire, address = ''): void {
    const dial = this.#dials.get(address)
    if (!dial || dial.state.handshakeAt || dial.peer.wire !== wire) return
    dial.state.handshakeAt = performance.now()
    dial.state.hasExtensions = wire.peerExtensions.extended === true
    this.#settle(dial)
    wire.once('piece', () => {
      dial.state.gave = true
    })
  }

  #settle({ candidate }: Dial): void {
    this.#inProgress--
    this.#candidates.settle(candidate)
    this.#onCandidate()
  }

  #onEnd(dial: Dial): void {
    if (!this.#dials.delete(dial.candidate.address)) return
    if (!dial.state.handshakeAt) this.#settle(dial)
    const now = performance.now()
    this.#candidates.ended(dial.candidate, outcomeOf(dial.state, now), now)
    this.#onCandidate()
  }
}

/** webtorrent looks only whether there is a peer. */
const WAITING = {} as DialledPeer

const NOT_YET: EndedDial = {
  connectedAt: 0,
  handshakeAt: 0,
  hasBytes: false,
  gave: false,
  isHungUp: false,
  hasExtensions: false,
}
