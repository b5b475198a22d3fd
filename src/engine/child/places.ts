import type { Torrent, TorrentPeer } from 'webtorrent'
import { clientKey } from '../../domain/clients/client-key.ts'
import { isOwnNetworkAddress } from '../../domain/clients/public-host.ts'
import type { BanList } from './ban-list.ts'
import { hostOf } from './peer-address.ts'

/** A household with one address, or one /64, seldom has more clients of one torrent. */
const MAX_FROM_ONE_ADDRESS = 4
/** Share of a torrent's places for incoming peers. The rest is for peers that we find ourselves. */
const INCOMING_SHARE = 1 / 2
/**
 * Share of the places for incoming peers with one address of this machine or a private network. Behind some proxies and
 * container networks, all peers on the internet have such an address, so four would be too few.
 */
const OWN_NETWORK_SHARE = 1 / 4

/** A peer that has a place or wants one. */
export interface Place {
  /** {@link clientKey} of its address */
  readonly client: string
  readonly isIncoming: boolean
  /** it is on this machine or in a private network */
  readonly isNear: boolean
  /** we are connecting to it, and its handshake has not arrived: then it has no place yet */
  readonly isWaiting: boolean
}

/**
 * Whether a peer may have one of the places of a torrent. A public address, or IPv6 /64, has at most four, incoming and
 * outgoing. Of a private address only incoming peers count: outgoing ones were named by a trusted source
 * (`peer-sources`).
 *
 * @param taken - places of all other peers
 * @param places - how many there are for a torrent that has what it needs; shares are shares of these
 * @param allPlaces - how many there are now
 */
export function mayTakePlace(
  newcomer: Place,
  taken: Iterable<Place>,
  places: number,
  allPlaces = places,
): boolean {
  const { client, isIncoming, isNear } = newcomer
  if (isNear && !isIncoming) return true
  let [all, incoming, ofClient] = [0, 0, 0]
  for (const place of taken) {
    if (!place.isWaiting) all++
    if (place.isIncoming) incoming++
    if (place.client === client && (place.isIncoming || !isNear)) ofClient++
  }
  if (isIncoming && (all >= allPlaces || incoming >= Math.ceil(places * INCOMING_SHARE))) return false
  const most = isNear
    ? Math.max(MAX_FROM_ONE_ADDRESS, Math.ceil(places * OWN_NETWORK_SHARE))
    : MAX_FROM_ONE_ADDRESS
  return ofClient < most
}

/**
 * Limits the places that one address, and all incoming peers together, can take of a torrent; and connects to no banned
 * peers. By default, webtorrent 3.0.21 accepts all incoming connections.
 *
 * Call it before the first peer.
 *
 * @param dials - says how many places there are now
 */
export function guardPlaces(
  torrent: Torrent,
  places: number,
  dials: { readonly places: number },
  banned: BanList,
): void {
  const addIncomingPeer = torrent._addIncomingPeer.bind(torrent)
  const isValidAddress = torrent._validAddr.bind(torrent)

  // With encryption, a peer arrives here before its handshake is complete.
  torrent._addIncomingPeer = (peer) => {
    if (torrent.destroyed) return addIncomingPeer(peer)
    // webtorrent 3.0.21 never removes a peer from its list that disconnected before it was added.
    for (const { id, destroyed } of torrent._peers.values()) if (destroyed) torrent.removePeer(id)
    if (peer.destroyed) return
    if (mayTakePlace(placeOf(peer), taken(), places, dials.places)) return addIncomingPeer(peer)
    peer.destroy(new Error('no place for one more peer'))
  }

  torrent._validAddr = (address) => {
    if (!isValidAddress(address) || banned.isAddressBanned(address)) return false
    return mayTakePlace(placeAt(address, false), taken(), places, dials.places)
  }

  function* taken(): Generator<Place, void, void> {
    const wires = new Set<unknown>(torrent.wires)
    for (const peer of torrent._peers.values()) {
      const place = placeOf(peer)
      yield { ...place, isWaiting: !place.isIncoming && !wires.has(peer.wire) }
    }
  }
}

const known = new WeakMap<TorrentPeer, Place>()

function placeOf(peer: TorrentPeer): Place {
  const place = known.get(peer) ?? placeAt(peer.id, peer.type.endsWith('Incoming'))
  known.set(peer, place)
  return place
}

/** @param address - with a port, as webtorrent writes it; or the id of a WebRTC peer */
function placeAt(address: string, isIncoming: boolean): Place {
  const host = hostOf(address)
  return { client: clientKey(host), isIncoming, isNear: isOwnNetworkAddress(host), isWaiting: !isIncoming }
}
