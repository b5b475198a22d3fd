import type { Dht, Torrent, Tracker } from 'webtorrent'

/** The source that webtorrent notes for peers named by a torrent's own trackers. */
export const OWN_TRACKER = 'own tracker'

/** Whether a tracker is one of these; bittorrent-tracker removes a slash at the end. */
export function isAmong(trackers: readonly string[], { announceUrl }: Pick<Tracker, 'announceUrl'>): boolean {
  return trackers.some((url) => url.replace(/\/$/, '') === announceUrl)
}

/**
 * Sends no DHT queries and no announcements about private torrents.
 *
 * @param infoHashes - of the private torrents, in hex; the set may grow
 */
export function keepOutOfDht({ _rpc }: Dht, infoHashes: ReadonlySet<string>): void {
  const { socket } = _rpc
  const query = socket.query.bind(socket)
  socket.query = (node, message, done) => {
    const infoHash = message.a?.info_hash && Buffer.from(message.a.info_hash).toString('hex')
    if (infoHash === undefined || !infoHashes.has(infoHash)) return query(node, message, done)
    process.nextTick(() => done?.(new Error('the torrent is private'), null, node))
    return undefined
  }
}

/**
 * Restricts a torrent to its own trackers from now on (BEP 27): its metadata has just arrived and says that it is private.
 * Until then it may have been announced elsewhere.
 *
 * Other trackers get a "stopped" announcement, or they would go on sending peers to us. Peers that were found in another
 * way are dropped, and so are incoming ones, as it is not known who named us to them.
 *
 * @param ofTorrent - the torrent's own trackers, which are kept
 */
export function makePrivate(torrent: Torrent, ofTorrent: readonly string[]): void {
  torrent.private = true
  torrent.announce = [...ofTorrent]
  leaveOtherTrackers(torrent, ofTorrent)
  leaveDht(torrent)
  leaveLocalNetwork(torrent)
  for (const peer of [...torrent._peers.values()]) {
    if (peer.source === OWN_TRACKER) continue
    // webtorrent would connect to it again in a while.
    peer.retries = Number.POSITIVE_INFINITY
    torrent.removePeer(peer.id)
  }
}

function leaveOtherTrackers({ discovery }: Torrent, ofTorrent: readonly string[]): void {
  const client = discovery?.tracker
  if (!client) return
  const others = client._trackers.filter((tracker) => !isAmong(ofTorrent, tracker))
  client._trackers = client._trackers.filter((tracker) => isAmong(ofTorrent, tracker))
  for (const tracker of others) {
    tracker.announce({ ...client._defaultAnnounceOpts(), event: 'stopped' })
    tracker.destroy(() => undefined)
  }
}

/** A running search is ended by {@link keepOutOfDht}. */
function leaveDht({ discovery }: Torrent): void {
  if (!discovery?.dht) return
  clearTimeout(discovery._dhtTimeout || undefined)
  discovery.dht.removeListener('peer', discovery._onDHTPeer)
  discovery.dht = null
  discovery._dhtAnnounce = () => undefined
}

function leaveLocalNetwork({ discovery }: Torrent): void {
  if (!discovery?.lsd) return
  discovery.lsd.removeListener('peer', discovery._onLSDPeer)
  discovery.lsd.destroy()
  discovery.lsd = null
}
