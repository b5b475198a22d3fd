import type { Assemblies } from './assemblies.ts'
import { corked } from './cork.ts'
import type { Peer } from './peer.ts'
import type { PieceOrder } from './piece-order.ts'
import { firstShare } from './queue-depth.ts'
import type { Requests } from './requests.ts'
import type { Rescue } from './rescue.ts'

export interface RefillParts {
  readonly peers: ReadonlyMap<unknown, Peer>
  readonly order: PieceOrder
  readonly assemblies: Assemblies
  readonly requests: Requests
  readonly rescue: Rescue
  /** Whether anything may be fetched now. */
  readonly mayFetch: () => boolean
  /** The pieces that readers wait for. */
  readonly heads: () => Iterable<number>
}

/** Asks peers for the blocks that are wanted next: each for as many as it will answer soon. */
export class Refill {
  readonly #parts: RefillParts
  #isScheduled = false

  constructor(parts: RefillParts) {
    this.#parts = parts
  }

  /** All peers, once in this turn of the event loop. */
  soon(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    queueMicrotask(() => {
      this.#isScheduled = false
      // The peer that will probably answer first is asked first.
      const now = performance.now()
      const etas = new Map([...this.#parts.peers.values()].map((peer) => [peer, peer.etaOfNext(now)]))
      const peers = [...etas.keys()].sort((a, b) => (etas.get(a) ?? 0) - (etas.get(b) ?? 0))
      const anyProven = peers.some((peer) => peer.isProven && peer.isFit)
      const share = firstShare(peers.filter(({ isFit }) => isFit).length)
      for (const peer of peers) {
        peer.share = share
        peer.isOnTrial = anyProven && !peer.isProven
        this.peer(peer)
      }
    })
  }

  /** One peer, now. */
  peer(peer: Peer): void {
    const { room } = peer
    if (room === 0 || !peer.isUsable || !this.#parts.mayFetch()) return
    corked(peer.wire, () => {
      this.#askFor(peer, room)
      if (peer.requests.length > 0) return
      // It has nothing else to do.
      for (const piece of this.#parts.heads()) this.#parts.rescue.help(piece, [peer], performance.now())
    })
  }

  #askFor(peer: Peer, room: number): void {
    const { order, assemblies, requests } = this.#parts
    let left = room
    for (const piece of order.pieces((piece) => this.#mayGive(peer, piece))) {
      const assembly = assemblies.of(piece, peer)
      for (let block = assembly.takeFree(); block !== undefined; block = assembly.takeFree()) {
        if (!requests.ask(peer, assembly, block) || --left === 0) return
      }
      // A piece that is all padding.
      if (assembly.isComplete) assemblies.finish(assembly)
    }
  }

  #mayGive(peer: Peer, piece: number): boolean {
    const { assemblies, rescue } = this.#parts
    if (!peer.wire.peerPieces.get(piece)) return false
    const begun = assemblies.get(piece)
    const isBound = assemblies.isDistrusted(piece)
    if (isBound && (begun?.boundTo ?? rescue.giverOf(piece)) !== peer) return false
    // The memory is asked last: a torrent that is given its turn must use it.
    return begun !== undefined || assemblies.mayBegin(piece, rescue.isWaitedFor(piece))
  }
}
