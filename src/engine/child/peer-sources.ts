import { isIP } from 'node:net'
import type { Dht, Discovery, Torrent, Tracker, TrackerClient } from 'webtorrent'
import { mayNamePeer, scopeOf } from '../../domain/clients/address-scope.ts'
import type { OwnTrackers } from './own-trackers.ts'
import { hostOf } from './peer-address.ts'
import { isAmong, OWN_TRACKER } from './privacy.ts'

/** Of one answer; we ask for as many (BEP 3, "numwant"). */
const MOST_OF_ANSWER = 200
/** Peers that wait to be connected to, when a stranger names another: they are tried first come, first served. */
const MOST_WAITING = 200
/** The same when one of the user's own trackers names it, or it is on the local network. */
const MOST_WAITING_OWN = 500
const SHORTEST_INTERVAL_MS = 60_000
const LONGEST_INTERVAL_MS = 24 * 60 * 60_000

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
 * Takes addresses of peers only from those who may name them, and no more than we can use. webtorrent connects to
 * whatever it is told, so a tracker, or anybody in the DHT, could have us scan the user's network (peer exchange is
 * looked at in `extension-guard`). Ports of hosts on the internet are not restricted, as in libtorrent, whose
 * `no_connect_privileged_ports` is off by default.
 *
 * Peers of a private torrent are named by its own trackers, and by nothing else (BEP 27).
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
    const mostWaiting = naming.isOwnTracker || source === 'lsd' ? MOST_WAITING_OWN : MOST_WAITING
    // Local discovery tells of the host that it came from; trackers and peers were looked at already.
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
    // Announcements are on their way, and answers come in a later turn.
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
    if (++peers > MOST_OF_ANSWER || !mayNamePeer(own.scopeOf(announceUrl), hostOf(peer))) return false
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

/** A tracker says itself how often it wants to be asked: anything, or once a millisecond with a negative number. */
function limitInterval(tracker: Tracker): void {
  const setInterval = tracker.setInterval.bind(tracker)
  tracker.setInterval = (ms) => {
    const isNumber = typeof ms === 'number' && Number.isFinite(ms)
    setInterval(isNumber ? Math.min(Math.max(ms, SHORTEST_INTERVAL_MS), LONGEST_INTERVAL_MS) : undefined)
  }
}

/** The id comes as bytes, and bytes are left out of a URL. @see BEP 3, "tracker id" */
function sendBackId(tracker: Tracker): void {
  const announce = tracker.announce.bind(tracker)
  tracker.announce = (options) => {
    const { _trackerId: id } = tracker
    // A letter for each byte, as info hash and peer id are written.
    if (id instanceof Uint8Array) tracker._trackerId = Buffer.from(id).toString('latin1')
    announce(options)
  }
}

/** Keeps nodes of the DHT from having us send datagrams into the user's network. We answer whoever asks us. */
export function guardDht({ _rpc }: Dht): void {
  const { socket } = _rpc
  const query = socket.query.bind(socket)
  socket.query = (node, message, done) => {
    if (!isIP(node.host) || scopeOf(node.host) === 'internet') return query(node, message, done)
    process.nextTick(() => done?.(new Error(`${node.host} is a private host`), null, node))
    return undefined
  }
}
