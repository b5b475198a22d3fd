import type Wire from 'bittorrent-protocol'
import {
  type GoodPeer,
  goodPeersOf,
  isPeerAddress,
  MAX_GOOD_PEERS,
  PEER_SOURCES,
} from '../../domain/bittorrent/good-peers.ts'
import { mayNamePeer, scopeOf } from '../../domain/clients/address-scope.ts'
import type { Candidate } from './dialler/candidates.ts'
import type { OwnTrackers } from './own-trackers.ts'
import { hostOf } from './peer-address.ts'
import { OWN_TRACKER } from './privacy.ts'

/** Bytes of pieces in one connection. */
const GOOD_BYTES = 100_000

/** A peer that we are connected to because we dialled it. */
export interface DialledPeer {
  readonly candidate: Candidate
  readonly wire: Pick<Wire, 'downloaded'>
}

/** What is known where a kept peer is about to be dialled. */
export interface RedialRules {
  readonly own: Pick<OwnTrackers, 'mayName'>
  /** local discovery is on */
  readonly lsd: boolean
  /** the torrent is private */
  readonly isPrivate: boolean
}

/**
 * Whether a kept peer may be dialled. The file may have been changed, or come from another network with the disk: a
 * private address is dialled only if the source that is noted could name it today. Peer exchange could, if the peer that
 * sent it was near, but which one that was is no longer known.
 */
export function mayRedial({ address, source }: GoodPeer, { own, lsd, isPrivate }: RedialRules): boolean {
  if (!isPeerAddress(address) || (isPrivate && source !== OWN_TRACKER)) return false
  const host = hostOf(address)
  if (scopeOf(host) === 'internet') return true
  if (source === 'lsd') return lsd && mayNamePeer('machine', host)
  return (source === 'tracker' || source === OWN_TRACKER) && own.mayName(host)
}

/** The peers of one torrent that are to be dialled first when it is opened again. */
export class GoodPeers {
  readonly #mayKeep: (peer: GoodPeer) => boolean
  #earlier: readonly GoodPeer[]
  /** those that gave enough since the torrent was opened, the best first */
  #found: readonly { readonly peer: GoodPeer; readonly bytes: number }[] = []
  #reported: string

  /**
   * @param earlier - kept by an earlier run
   * @param mayKeep - asked again each time: a peer may be banned, or the torrent turn out to be private
   */
  constructor(earlier: readonly GoodPeer[], mayKeep: (peer: GoodPeer) => boolean) {
    this.#earlier = earlier
    this.#mayKeep = mayKeep
    this.#reported = textOf(earlier)
  }

  /**
   * Looks at the peers that are connected.
   *
   * @param now - epoch ms
   * @returns the peers to keep, if they have changed since the last call
   */
  update(connected: Iterable<DialledPeer>, now: number): readonly GoodPeer[] | undefined {
    const found = new Map(this.#found.map((entry) => [entry.peer.address, entry]))
    for (const { candidate, wire } of connected) {
      const source = PEER_SOURCES.find((known) => known === candidate.source)
      if (wire.downloaded <= GOOD_BYTES || !source) continue
      const { address, manner } = candidate
      const { bytes = 0, peer } = found.get(address) ?? {}
      const good = { address, isEncrypted: manner === 'encrypted', source, gaveAt: peer?.gaveAt ?? now }
      found.set(address, { peer: good, bytes: Math.max(bytes, wire.downloaded) })
    }
    this.#found = [...found.values()]
      .filter(({ peer }) => this.#mayKeep(peer))
      .sort((one, other) => other.bytes - one.bytes)
      .slice(0, MAX_GOOD_PEERS)
    this.#earlier = this.#earlier.filter((peer) => this.#mayKeep(peer))
    const peers = goodPeersOf(
      this.#found.map(({ peer }) => peer),
      this.#earlier,
      now,
    )
    const text = textOf(peers)
    if (text === this.#reported) return undefined
    this.#reported = text
    return peers
  }
}

/** The order changes all the time, and does not matter. */
function textOf(peers: readonly GoodPeer[]): string {
  return peers
    .map((peer) => JSON.stringify(Object.values(peer)))
    .sort()
    .join()
}
