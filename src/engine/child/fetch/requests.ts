import { type Assembly, BLOCK_BYTES } from './assembly.ts'
import { corked } from './cork.ts'
import type { BlockRequest, Peer } from './peer.ts'

export interface RequestEvents {
  /** A peer answered a request. */
  block(peer: Peer, assembly: Assembly<Peer>, block: number, chunk: Uint8Array): void
  /** A request will not be answered: it was cancelled, or the peer refused it. */
  unanswered(piece: number): void
}

/** Sends requests for blocks, and cancels them. */
export class Requests {
  readonly #events: RequestEvents

  constructor(events: RequestEvents) {
    this.#events = events
  }

  /** @param block - counts as requested already. @returns whether the request was sent */
  ask(peer: Peer, assembly: Assembly<Peer>, block: number): boolean {
    const request = { assembly, block, askedAt: performance.now(), ahead: peer.requests.length }
    peer.requests.push(request)
    let wasRefused = false
    peer.wire.request(assembly.piece, block * BLOCK_BYTES, assembly.lengthOf(block), (error, chunk) => {
      wasRefused = true
      this.#onAnswer(peer, request, error ? undefined : (chunk ?? undefined))
    })
    return !wasRefused
  }

  /** Requests a block that was also requested from another peer. */
  askAsWell(peer: Peer, assembly: Assembly<Peer>, block: number): void {
    assembly.ask(block)
    this.ask(peer, assembly, block)
  }

  cancel(peer: Peer, which: (request: BlockRequest) => boolean): void {
    const requests = peer.requests.filter(which)
    if (requests.length === 0) return
    corked(peer.wire, () => {
      for (const request of requests) {
        const { assembly, block } = request
        peer.onCancelled(request, performance.now())
        peer.wire.cancel(assembly.piece, block * BLOCK_BYTES, assembly.lengthOf(block))
      }
    })
  }

  #onAnswer(peer: Peer, request: BlockRequest, chunk: Uint8Array | undefined): void {
    const { assembly, block } = request
    peer.requests.splice(peer.requests.indexOf(request), 1)
    assembly.unask(block)
    if (!chunk) return this.#events.unanswered(assembly.piece)
    peer.onBlock(chunk.length, request, performance.now())
    this.#events.block(peer, assembly, block, chunk)
  }
}
