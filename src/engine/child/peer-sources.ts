import { isIP } from 'node:net'
import type { Dht, Discovery, Torrent, Tracker, TrackerClient } from 'webtorrent'
import { mayNamePeer, scopeOf } from '../../domain/clients/address-scope.ts'
import { MAX_WAITING as MAX_WAITING_IN_ALL } from './dialler/candidates.ts'
import type { OwnTrackers } from './own-trackers.ts'
import { hostOf } from './peer-address.ts'
import { isAmong, OWN_TRACKER } from './privacy.ts'

/** Peers used of one answer of a stranger's tracker; as many are requested (BEP 3, "numwant"). */
const MAX_OF_ANSWER = 200
/** Addresses that may wait to be connected to before one more is accepted from a stranger. */
const MAX_WAITING = 200
/**
 * The same for an address that a tracker of the user names, or that is on the local network. A tracker may name more peers
 * than requested, and of 500 the few that give something are as likely at the end; the next answer is a minute away.
 */
const MAX_OF_OWN = MAX_WAITING_IN_ALL
const MIN_INTERVAL_MS = 60_000
const MAX_INTERVAL_MS = 24 * 60 * 60_000

/** Which tracker is naming peers right now. */
interface Naming {
  isOwnTracker: boolean
  isOfTorrent: boolean
}

interface Watching {
  readonly own: OwnTrackers
  readonly ofTorrent: readonly string[]
  readonly naming: Naming
}

/**
 * Accepts addresses of peers only from sources that may name them, and no more than can be used. webtorrent connects to
 * every address it is given, so a tracker or any node of the DHT could make it scan the user's network (peer exchange is
 * checked in `extension-guard`). Ports of public hosts are not restricted, as in libtorrent, whose
 * `no_connect_privileged_ports` is off by default.
 *
 * Peers of a private torrent are only accepted from its own trackers (BEP 27).
 *
 * Call it before webtorrent begins to look for peers.
 *
 * @param dials - how many addresses wait to be connected to
 * @param ofTorrent - the torrent's own trackers
 */
export function guardPeerSources(
  torrent: Torrent,
  own: OwnTrackers,
  dials: { readonly waiting: number },
  ofTorrent: readonly string[] = [],
): void {
  const addPeer = torrent.addPeer.bind(torrent)
  const connect = torrent._addPeer.bind(torrent)
  const startDiscovery = torrent._startDiscovery.bind(torrent)
  const naming: Naming = { isOwnTracker: false, isOfTorrent: false }

  // Peers that were connected once are tried again through this, without `addPeer`.
  torrent._addPeer = (peer, type, source) =>
    torrent.private && source !== OWN_TRACKER ? null : connect(peer, type, source)

  torrent.addPeer = (peer, teller) => {
    const source = naming.isOfTorrent ? OWN_TRACKER : teller
    if (typeof peer !== 'string') return addPeer(peer, source)
    const mostWaiting = naming.isOwnTracker || source === 'lsd' ? MAX_OF_OWN : MAX_WAITING
    // Local discovery names the host that it came from; addresses of trackers and peers are already checked.
    const scope = source === 'dht' ? 'internet' : 'machine'
    return dials.waiting < mostWaiting && mayNamePeer(scope, hostOf(peer)) && addPeer(peer, source)
  }

  torrent._startDiscovery = () => {
    // Local discovery announces as soon as it is made.
    const { client } = torrent
    const { lsd } = client
    if (torrent.private) client.lsd = false
    startDiscovery()
    client.lsd = lsd
    const { discovery } = torrent
    if (!discovery) return
    // Announcements are already sent; answers arrive in a later turn.
    for (const tracker of discovery.tracker?._trackers ?? []) {
      tracker.client = watchedClient(tracker, { own, ofTorrent, naming })
      limitInterval(tracker)
      sendBackId(tracker)
    }
    keepToOwnAnnouncements(torrent, discovery)
  }
}

/** All answers go through the client, which no longer says which tracker they came from. */
function watchedClient(tracker: Tracker, { own, ofTorrent, naming }: Watching): TrackerClient {
  const { client, announceUrl } = tracker
  let peers = 0
  const emit = (event: string, ...args: unknown[]): boolean => {
    if (event === 'update') peers = 0
    const [peer] = args
    if (event !== 'peer' || typeof peer !== 'string') return client.emit(event, ...args)
    const most = own.has(announceUrl) ? MAX_OF_OWN : MAX_OF_ANSWER
    if (++peers > most || !mayNamePeer(own.scopeOf(announceUrl), hostOf(peer))) return false
    naming.isOwnTracker = own.has(announceUrl)
    naming.isOfTorrent = isAmong(ofTorrent, tracker)
    try {
      return client.emit(event, peer)
    } finally {
      naming.isOwnTracker = false
      naming.isOfTorrent = false
    }
  }
  return Object.create(client, { emit: { value: emit } }) as TrackerClient
}

/** torrent-discovery takes announcements of all torrents for those of this one. */
function keepToOwnAnnouncements(torrent: Torrent, discovery: Discovery): void {
  if (!discovery.lsd) return
  discovery.lsd.removeListener('peer', discovery._onLSDPeer)
  discovery._onLSDPeer = (peer, infoHash) => {
    if (infoHash.toLowerCase() === torrent.infoHash) discovery.emit('peer', peer, 'lsd')
  }
  discovery.lsd.on('peer', discovery._onLSDPeer)
}

/** Limits the interval that a tracker asks for. By default any is accepted; a negative one means every millisecond. */
function limitInterval(tracker: Tracker): void {
  const setInterval = tracker.setInterval.bind(tracker)
  tracker.setInterval = (ms) => {
    const isNumber = typeof ms === 'number' && Number.isFinite(ms)
    setInterval(isNumber ? Math.min(Math.max(ms, MIN_INTERVAL_MS), MAX_INTERVAL_MS) : undefined)
  }
}

/** Sends back the tracker id, which arrives as bytes; bittorrent-tracker leaves bytes out of URLs. @see BEP 3, "tracker id" */
function sendBackId(tracker: Tracker): void {
  const announce = tracker.announce.bind(tracker)
  tracker.announce = (options) => {
    const { _trackerId: id } = tracker
    // One character for each byte, like info hash and peer id.
    if (id instanceof Uint8Array) tracker._trackerId = Buffer.from(id).toString('latin1')
    announce(options)
  }
}

/** Sends no DHT queries to private hosts, whichever node names them. Queries of others are answered. */
export function guardDht({ _rpc }: Dht): void {
  const { socket } = _rpc
  const query = socket.query.bind(socket)
  socket.query = (node, message, done) => {
    if (!isIP(node.host) || scopeOf(node.host) === 'internet') return query(node, message, done)
    process.nextTick(() => done?.(new Error(`${node.host} is a private host`), null, node))
    return undefined
  }
}
