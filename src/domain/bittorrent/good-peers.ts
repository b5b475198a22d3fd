import { parseIpAddress } from '../../lib/ip-address.ts'

/** How an address was found, in webtorrent's words; `own tracker` is ours, for a tracker that the torrent itself names. */
export const PEER_SOURCES = ['own tracker', 'tracker', 'dht', 'ut_pex', 'lsd'] as const
export type PeerSource = (typeof PEER_SOURCES)[number]

/** A peer that we connected to, and that gave pieces: it is dialled first when the torrent is opened again. */
export interface GoodPeer {
  /** as webtorrent writes it: `192.0.2.1:6881`, `[2001:db8::1]:6881` */
  readonly address: string
  /** the connection had to be encrypted */
  readonly isEncrypted: boolean
  readonly source: PeerSource
  /** epoch ms */
  readonly gaveAt: number
}

/** Peers that are kept of one torrent. */
export const MAX_GOOD_PEERS = 20
/** By then most addresses belong to others. */
const MAX_AGE_MS = 30 * 24 * 60 * 60_000

/**
 * The peers to keep of a torrent.
 *
 * @param found - in this stay in the swarm, the best first
 * @param earlier - kept before
 * @param now - epoch ms
 */
export function goodPeersOf(
  found: readonly GoodPeer[],
  earlier: readonly GoodPeer[],
  now: number,
): GoodPeer[] {
  const kept = new Map<string, GoodPeer>()
  for (const peer of [...found, ...earlier]) {
    if (kept.size >= MAX_GOOD_PEERS) break
    if (now - peer.gaveAt <= MAX_AGE_MS && !kept.has(peer.address)) kept.set(peer.address, peer)
  }
  return [...kept.values()]
}

/** Whether a text is an IP address with a port, in the form that webtorrent writes. */
export function isPeerAddress(text: string): boolean {
  const [, v4, v6, port] = /^(?:([\d.]{7,15})|\[([\da-f:]{2,39})\]):([1-9]\d{0,4})$/.exec(text) ?? []
  const address = parseIpAddress(v4 ?? v6 ?? '')
  // Of `::ffff:192.0.2.1` and the like, the usual form is another text.
  return address !== undefined && address.text === (v4 ?? v6) && Number(port) <= 65_535
}
