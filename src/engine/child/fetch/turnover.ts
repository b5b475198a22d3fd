import type { Peer } from './peer.ts'

/** Nobody goes before. */
const LEAST_STAY_MS = 3_000
/** Bytes per second; who gives less is of no use to somebody who waits. */
const LEAST_RATE = 16 * 1024
/** Who said something about the metadata so long ago is bringing it, */
const BRINGING_MS = 2_000
/** but not for ever: 10 MB, the longest there is, in a minute and a half at 100 KB/s. */
const LONGEST_BRINGING_MS = 90_000

/**
 * Who gives way to peers that wait for a place, while a reader or the torrent itself waits for what none of those gives
 * who have one. The least useful goes first, and of several the one that has been there longest. Peers that choke us
 * stay: that is how honest ones begin, and webtorrent ends it after some seconds if others wait.
 *
 * @param now - ms, on the monotonic clock
 * @param hasMetadata - else peers are judged by whether they bring it
 */
export function whoGivesWay(peers: readonly Peer[], now: number, hasMetadata: boolean): Peer | undefined {
  const isUseless = (peer: Peer) =>
    hasMetadata
      ? peer.isUsable && peer.rate < LEAST_RATE
      : now - peer.metadataAt > BRINGING_MS || now - peer.joinedAt > LONGEST_BRINGING_MS
  const [least] = peers
    .filter((peer) => now - peer.joinedAt >= LEAST_STAY_MS && isUseless(peer))
    .sort((a, b) => a.rate - b.rate || a.joinedAt - b.joinedAt)
  return least
}
