import type Wire from 'bittorrent-protocol'
import type { Torrent } from 'webtorrent'

/**
 * Keeps webtorrent 3.0.21 from ending connections to peers that serve us well. It ends those that choke us for five
 * seconds while others wait for a place, and begins to count when the metadata is there; a peer that unchoked us
 * before then, or with its handshake, counts as choking all the time. To say it once more stops the clock.
 */
export function honourEarlyUnchoke(torrent: Torrent): void {
  torrent.on('wire', (wire: Wire) => sayAgainSoon([wire]))
  torrent.once('ready', () => sayAgainSoon(torrent.wires))
}

/** By then webtorrent listens. */
function sayAgainSoon(wires: readonly Wire[]): void {
  setImmediate(() => {
    for (const wire of wires) if (!wire.destroyed && !wire.peerChoking) wire.emit('unchoke')
  })
}
