/** A peer that announces nothing has this long to say what it has. */
const EMPTY_MS = 2_000
/** libtorrent and others unchoke a new peer within 30 s ("optimistic unchoke"). */
const CHOKING_MS = { hungry: 5_000, otherwise: 35_000 }
/** Bytes per second; less is of no use to a viewer. */
export const MIN_USEFUL_RATE = 20 * 1024
const SLOW_MS = 10_000

/** What decides whether a connected peer gives up its place. Times in ms, on the monotonic clock. */
export interface ConnectedPeer {
  readonly joinedAt: number
  /** it has announced at least one piece */
  readonly hasPieces: boolean
  readonly isChoking: boolean
  /** since when it has been choking or not; `joinedAt` at first */
  readonly chokingChangedAt: number
  /** bytes per second that it gives */
  readonly rate: number
  /** It was asked for something. A peer that is not asked gives nothing, and that says nothing of it. */
  readonly isAsked: boolean
}

/**
 * Which peer gives up its place to one that waits for it, or none. In this order, and of several the one that has been
 * connected longest: peers without any piece, peers that choke us, peers that give less than 20 KB/s. A peer that gives more
 * never goes.
 *
 * @param isHungry - the torrent needs peers, so there is less patience with those that choke
 */
export function leastUseful<Peer extends ConnectedPeer>(
  peers: Iterable<Peer>,
  isHungry: boolean,
  now: number,
): Peer | undefined {
  let least: Peer | undefined
  let leastRank = 0
  for (const peer of peers) {
    const rank = uselessness(peer, isHungry, now)
    if (rank > leastRank || (rank > 0 && rank === leastRank && least && peer.joinedAt < least.joinedAt)) {
      least = peer
      leastRank = rank
    }
  }
  return least
}

/** 0: keeps its place */
function uselessness(peer: ConnectedPeer, isHungry: boolean, now: number): number {
  const age = now - peer.joinedAt
  if (!peer.hasPieces && age > EMPTY_MS) return 3
  const since = now - peer.chokingChangedAt
  if (peer.isChoking) return since > CHOKING_MS[isHungry ? 'hungry' : 'otherwise'] ? 2 : 0
  return peer.isAsked && peer.rate < MIN_USEFUL_RATE && since > SLOW_MS ? 1 : 0
}
