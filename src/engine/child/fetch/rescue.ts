import type { Assemblies } from './assemblies.ts'
import type { Assembly } from './assembly.ts'
import type { Peer } from './peer.ts'
import type { Requests } from './requests.ts'
import { whoGivesWay } from './turnover.ts'

/** A piece that a reader needs next and that has not come for so long is asked for elsewhere as well. */
const PATIENCE_MS = 100
/** Somebody else must be expected to be so many times quicker, and by so many seconds, to be asked as well. */
const HASTE = { times: 1.5, seconds: 0.05 }
/** Who needs longer for a block is no help. */
const SLOW_SECONDS = 1
/** A reader that has waited so long starves. */
const STARVING_MS = 1_000
/** Peers that gave a block so long ago count as giving. */
const GIVING_MS = 1_000
/** Who is asked for a distrusted piece: what counts against one that had a part in it, or has not given anything yet. */
const DOUBT = { suspect: 4, unproven: 10 }

/**
 * Finds out which peers are stuck, and who is asked in their place. A stuck peer counts neither as asked nor as a
 * helper: its blocks are free at once.
 */
export class Rescue {
  readonly #peers: ReadonlyMap<unknown, Peer>
  readonly #assemblies: Pick<Assemblies, 'begun' | 'get' | 'blocksIn' | 'isSuspect' | 'drop'>
  readonly #requests: Pick<Requests, 'askAsWell' | 'callBack'>
  readonly #letGo: (peer: Peer, gaveNothing: boolean) => void
  /** since when each piece that a reader needs next has been missing */
  readonly #waitedFor = new Map<number, number>()

  /**
   * @param letGo - a peer was asked again and again, and did not answer; `gaveNothing` in this connection, while others
   * gave
   */
  constructor(
    peers: ReadonlyMap<unknown, Peer>,
    assemblies: Pick<Assemblies, 'begun' | 'get' | 'blocksIn' | 'isSuspect' | 'drop'>,
    requests: Pick<Requests, 'askAsWell' | 'callBack'>,
    letGo: (peer: Peer, gaveNothing: boolean) => void,
  ) {
    this.#peers = peers
    this.#assemblies = assemblies
    this.#requests = requests
    this.#letGo = letGo
  }

  /** Whether a reader can go on only when a piece is there. */
  isWaitedFor(piece: number): boolean {
    return this.#waitedFor.has(piece)
  }

  onComplete(piece: number): void {
    this.#waitedFor.delete(piece)
  }

  /**
   * Called several times a second.
   *
   * @param isCrowded - peers that could be spoken to wait for a place
   */
  tick(seconds: number, now: number, isCrowded: boolean): void {
    const peers = [...this.#peers.values()]
    let hasLetGo = false
    for (const peer of peers) {
      if (!peer.isStuck) this.#relieve(peer, peers)
      if (!peer.isStuck) continue
      peer.askAgain(now)
      const doOthersGive = peers.some((other) => other !== peer && isGiving(other, now))
      if (!peer.isUsable || !peer.silence.onAskedAgain(seconds, { doOthersGive, isCrowded })) continue
      // Where nobody gives it may be our own line that is down: then not all at once.
      if (!doOthersGive && hasLetGo) continue
      hasLetGo = true
      this.#letGo(peer, doOthersGive && !peer.isProven)
    }
    this.#unbindSlow()
  }

  /** Has what readers wait for, and what does not come, asked of a second peer. */
  hurry(heads: ReadonlySet<number>, now: number): void {
    for (const piece of this.#waitedFor.keys()) if (!heads.has(piece)) this.#waitedFor.delete(piece)
    for (const piece of heads) {
      const since = this.#waitedFor.get(piece)
      if (since === undefined) this.#waitedFor.set(piece, now)
      else if (now - since >= PATIENCE_MS) this.help(piece, [...this.#peers.values()], now)
    }
  }

  /** Others wait for a place: where a reader or the torrent waits for what no peer gives, one of those gives way. */
  makeRoom(now: number, hasMetadata: boolean): void {
    const isStarving = [...this.#waitedFor.values()].some((since) => now - since >= STARVING_MS)
    if (hasMetadata && !isStarving) return
    const peer = whoGivesWay([...this.#peers.values()], now, hasMetadata)
    if (peer) this.#letGo(peer, false)
  }

  /** Asks peers for blocks of a piece that others were asked for and that they are likely to give sooner. */
  help(piece: number, willing: readonly Peer[], now: number): void {
    const assembly = this.#assemblies.get(piece)
    if (!assembly || assembly.boundTo) return
    const able = willing.filter((peer) => isAbleToHelp(peer) && peer.wire.peerPieces.get(piece))
    const peers = [...this.#peers.values()]
    // Whoever has not given anything yet is asked where nobody has who is any quick.
    const isAnyQuick = peers.some(
      (peer) =>
        peer.isProven &&
        isAbleToHelp(peer) &&
        peer.wire.peerPieces.get(piece) &&
        peer.etaOfNext(now) < SLOW_SECONDS,
    )
    const helpers = isAnyQuick ? able.filter(({ isProven }) => isProven) : able
    if (helpers.length === 0) return
    for (const { block, soonest, asked } of openBlocks(assembly, peers, now)) {
      const [best] = helpers
        .filter((peer) => !asked.includes(peer))
        .map((peer) => ({ peer, eta: peer.etaOfNext(now) }))
        .sort((a, b) => a.eta - b.eta)
      if (best && best.eta * HASTE.times + HASTE.seconds <= soonest) {
        this.#requests.askAsWell(best.peer, assembly, block)
      }
    }
  }

  /** The one to ask for all of a piece that came wrong before. */
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

  /** Takes back from a peer what it will not answer soon, for others to answer. */
  #relieve(peer: Peer, peers: readonly Peer[]): void {
    if (!peers.some((other) => other !== peer && other.isFit)) return
    if (peer.silence.isTooLong && peer.requests.length > 0) {
      peer.getStuck()
      this.#requests.callBack(peer, () => true)
      return
    }
    const late = new Set(peer.late)
    if (late.size > 0) this.#requests.callBack(peer, (request) => late.has(request))
  }

  /** What only one may give is begun again with another, if that one is stuck or will take far longer. */
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
  /** seconds until the first of those who were asked for it is expected to answer */
  soonest: number
}

/** Blocks of a piece that somebody was asked for; first those that will take longest. */
function openBlocks(assembly: Assembly<Peer>, peers: readonly Peer[], now: number): OpenBlock[] {
  const blocks = new Map<number, OpenBlock>()
  for (const peer of peers) {
    for (const [index, request] of peer.requests.entries()) {
      if (request.assembly !== assembly) continue
      const eta = peer.etaOf(index, now)
      const known = blocks.get(request.block)
      if (known) {
        known.asked.push(peer)
        known.soonest = Math.min(known.soonest, eta)
      } else blocks.set(request.block, { block: request.block, asked: [peer], soonest: eta })
    }
  }
  return [...blocks.values()].sort((a, b) => b.soonest - a.soonest)
}
