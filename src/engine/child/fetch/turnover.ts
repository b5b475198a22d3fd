import type { Peer } from './peer.ts'

/** Peers are not dropped before this. */
const MIN_STAY_MS = 3_000
/** Bytes per second; a slower peer is of no use to a waiting reader. */
const MIN_RATE = 16 * 1024
/** A peer that sent a metadata message within this time is sending the metadata, */
const BRINGING_MS = 2_000
/** but not forever: 10 MB take a minute and a half at 100 KB/s. */
const MAX_BRINGING_MS = 90_000

/**
 * Which peer to drop for others that wait for a place, while a reader or the torrent is starving. The least useful goes
 * first, and of several the one that has been connected longest. Peers that choke us stay: all normal ones begin so, and
 * the dialler ends it after some seconds if others wait.
 *
 * @param now - ms, on the monotonic clock
 * @param hasMetadata - if not, peers are judged by whether they send it
 */
export function whoGivesWay(peers: readonly Peer[], now: number, hasMetadata: boolean): Peer | undefined {
  const isUseless = (peer: Peer) =>
    hasMetadata
      ? peer.isUsable && peer.rate < MIN_RATE
      : now - peer.metadataAt > BRINGING_MS || now - peer.joinedAt > MAX_BRINGING_MS
  const [least] = peers
    .filter((peer) => now - peer.joinedAt >= MIN_STAY_MS && isUseless(peer))
    .sort((a, b) => a.rate - b.rate || a.joinedAt - b.joinedAt)
  return least
}
