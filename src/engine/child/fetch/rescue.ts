import type { Assemblies } from './assemblies.ts'
import type { Assembly } from './assembly.ts'
import type { Peer } from './peer.ts'
import type { Requests } from './requests.ts'
import { whoGivesWay } from './turnover.ts'

/** If the next piece of a reader has been missing for this long, its blocks are also requested from a second peer. */
const PATIENCE_MS = 100
/** One more peer must be expected to be faster by this factor, and by this many seconds, */
const HASTE = { times: 1.5, seconds: 0.05 }
/**
 * or only no slower, if no other was asked for this long: then the expectations are wrong. A peer that has given something
 * takes over sooner from those that have not.
 */
const LATE_MS = { usually: 400, unproven: 200 }
/** Peers that are asked for the same block; one more that is giving now, if none of them is expected to answer. */
const MAX_ASKED = 4
/** A peer that needs longer for a block is no help. */
const SLOW_SECONDS = 1
/** A reader that has waited this long is starving. */
const STARVING_MS = 1_000
/** A peer that gave a block within this time counts as giving. */
const GIVING_MS = 1_000
/** In the choice of the peer for a distrusted piece: factors against one that gave part of it, or nothing yet. */
const DOUBT = { suspect: 4, unproven: 10 }

/**
 * Detects stuck peers, and has others asked in their place. The blocks of a stuck peer are free for others at once, and it
 * is not asked for help.
 */
export class Rescue {
  readonly #peers: ReadonlyMap<unknown, Peer>
  readonly #assemblies: Pick<Assemblies, 'begun' | 'get' | 'blocksIn' | 'isSuspect' | 'drop'>
  readonly #requests: Pick<Requests, 'askAsWell' | 'cancel'>
  readonly #drop: (peer: Peer, gaveNothing: boolean) => void
  /** since when each piece that a reader needs next has been missing */
  readonly #waitedFor = new Map<number, number>()

  /**
   * @param drop - called for a peer that did not answer repeated requests; `gaveNothing` in this connection, while
   * others gave
   */
  constructor(
    peers: ReadonlyMap<unknown, Peer>,
    assemblies: Pick<Assemblies, 'begun' | 'get' | 'blocksIn' | 'isSuspect' | 'drop'>,
    requests: Pick<Requests, 'askAsWell' | 'cancel'>,
    drop: (peer: Peer, gaveNothing: boolean) => void,
  ) {
    this.#peers = peers
    this.#assemblies = assemblies
    this.#requests = requests
    this.#drop = drop
  }

  /** Whether a reader cannot continue without a piece. */
  isWaitedFor(piece: number): boolean {
    return this.#waitedFor.has(piece)
  }

  onComplete(piece: number): void {
    this.#waitedFor.delete(piece)
  }

  /**
   * Called several times a second.
   *
   * @param isCrowded - other peers wait for a place
   */
  tick(seconds: number, now: number, isCrowded: boolean): void {
    const peers = [...this.#peers.values()]
    let hasDropped = false
    for (const peer of peers) {
      if (!peer.isStuck) this.#relieve(peer, peers)
      if (!peer.isStuck) continue
      peer.askAgain(now)
      const doOthersGive = peers.some((other) => other !== peer && isGiving(other, now))
      if (!peer.isUsable || !peer.silence.onAskedAgain(seconds, { doOthersGive, isCrowded })) continue
      // If no peer gives, our own connection may be down: then they are not dropped all at once.
      if (!doOthersGive && hasDropped) continue
      hasDropped = true
      this.#drop(peer, doOthersGive && !peer.isProven)
    }
    this.#unbindSlow()
  }

  /** Requests what readers wait for from a second peer, if it does not arrive. */
  hurry(heads: ReadonlySet<number>, now: number): void {
    for (const piece of this.#waitedFor.keys()) if (!heads.has(piece)) this.#waitedFor.delete(piece)
    for (const piece of heads) {
      const since = this.#waitedFor.get(piece)
      if (since === undefined) this.#waitedFor.set(piece, now)
      else if (now - since >= PATIENCE_MS) this.help(piece, [...this.#peers.values()], now)
    }
  }

  /** Other peers wait for a place: drops one that gives nothing, if a reader or the torrent is starving. */
  makeRoom(now: number, hasMetadata: boolean): void {
    const isStarving = [...this.#waitedFor.values()].some((since) => now - since >= STARVING_MS)
    if (hasMetadata && !isStarving) return
    const peer = whoGivesWay([...this.#peers.values()], now, hasMetadata)
    if (peer) this.#drop(peer, false)
  }

  /** Requests blocks of a piece from peers that will probably give them sooner than those that were asked. */
  help(piece: number, willing: readonly Peer[], now: number): void {
    const assembly = this.#assemblies.get(piece)
    if (!assembly || assembly.boundTo) return
    const able = willing.filter((peer) => isAbleToHelp(peer) && peer.wire.peerPieces.get(piece))
    const peers = [...this.#peers.values()]
    // Peers that have not given anything yet are asked only if no proven peer is fast.
    const isAnyQuick = peers.some(
      (peer) =>
        peer.isProven &&
        isAbleToHelp(peer) &&
        peer.wire.peerPieces.get(piece) &&
        peer.etaOfNext(now) < SLOW_SECONDS,
    )
    const helpers = isAnyQuick ? able.filter(({ isProven }) => isProven) : able
    if (helpers.length === 0) return
    for (const { block, soonest, asked, askedAt } of openBlocks(assembly, peers, now)) {
      const isFull = asked.length >= MAX_ASKED
      if (isFull && asked.some(isAbleToHelp)) continue
      const [best] = helpers
        .filter((peer) => !asked.includes(peer) && (!isFull || isGiving(peer, now)))
        .map((peer) => ({ peer, eta: peer.etaOfNext(now) }))
        .sort((a, b) => a.eta - b.eta)
      if (!best) continue
      const isAnyProven = asked.some(({ isProven }) => isProven)
      const lateMs = best.peer.isProven && !isAnyProven ? LATE_MS.unproven : LATE_MS.usually
      const isLate = now - askedAt >= lateMs
      // Nothing can be expected of peers that have given nothing.
      const isNoLater = best.eta <= soonest || !best.peer.isProven || !isAnyProven
      const isSooner = best.eta * HASTE.times + HASTE.seconds <= soonest
      if (isSooner || (isLate && isNoLater)) this.#requests.askAsWell(best.peer, assembly, block)
    }
  }

  /** The peer to ask for all of a piece that had a wrong hash. */
  giverOf(piece: number): Peer | undefined {
    const cost = (peer: Peer) =>
      peer.secondsFor(this.#assemblies.blocksIn(piece)) *
      (this.#assemblies.isSuspect(piece, peer) ? DOUBT.suspect : 1) *
      (peer.isProven ? 1 : DOUBT.unproven)
    const [best] = [...this.#peers.values()]
      .filter((peer) => peer.isFit && peer.wire.peerPieces.get(piece))
      .map((peer) => ({ peer, cost: cost(peer) }))
      .sort((a, b) => a.cost - b.cost)
    return best?.peer
  }

  /** Cancels requests that a peer will not answer soon, so that others can. */
  #relieve(peer: Peer, peers: readonly Peer[]): void {
    const isAlone = !peers.some((other) => other !== peer && other.isFit)
    // Also if no other can be asked: bittorrent-protocol 5.0.9 forgets a request that was cancelled and repeated while it
    // was reading the block (`_onRequest`), as happens after a seek, and then waits for the next one as we would for it.
    if (peer.silence.isTooLong(isAlone) && peer.requests.length > 0) {
      peer.getStuck()
      this.#requests.cancel(peer, () => true)
      return
    }
    if (isAlone) return
    const late = new Set(peer.late)
    if (late.size > 0) this.#requests.cancel(peer, (request) => late.has(request))
  }

  /** A piece that only one peer may give is begun again with another, if that peer is stuck or far slower. */
  #unbindSlow(): void {
    for (const assembly of [...this.#assemblies.begun]) {
      const { boundTo, piece, blockCount, missing } = assembly
      if (!boundTo) continue
      const other = boundTo.isFit ? this.giverOf(piece) : undefined
      const isQuicker =
        other &&
        other !== boundTo &&
        other.secondsFor(blockCount) * HASTE.times + HASTE.seconds < boundTo.secondsFor(missing)
      if (!boundTo.isFit || isQuicker) this.#assemblies.drop(assembly)
    }
  }
}

function isGiving(peer: Peer, now: number): boolean {
  return peer.isProven && now - peer.lastBlockAt < GIVING_MS
}

function isAbleToHelp(peer: Peer): boolean {
  return peer.isFit && !peer.silence.isOverdue
}

interface OpenBlock {
  readonly block: number
  readonly asked: Peer[]
  /** when the last of them was asked; ms, on the monotonic clock */
  askedAt: number
  /** seconds until the first answer is expected */
  soonest: number
}

/** Blocks of a piece with open requests; those that will take longest come first. */
function openBlocks(assembly: Assembly<Peer>, peers: readonly Peer[], now: number): OpenBlock[] {
  const blocks = new Map<number, OpenBlock>()
  for (const peer of peers) {
    for (const [index, request] of peer.requests.entries()) {
      if (request.assembly !== assembly) continue
      const eta = peer.etaOf(index, now)
      const { askedAt } = request
      const known = blocks.get(request.block)
      if (known) {
        known.asked.push(peer)
        known.askedAt = Math.max(known.askedAt, askedAt)
        known.soonest = Math.min(known.soonest, eta)
      } else blocks.set(request.block, { block: request.block, asked: [peer], askedAt, soonest: eta })
    }
  }
  return [...blocks.values()].sort((a, b) => b.soonest - a.soonest)
}
