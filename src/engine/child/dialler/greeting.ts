import type Wire from 'bittorrent-protocol'
import type { DialledPeer, Torrent } from 'webtorrent'
import { hasPiece, piecesIn } from '../../../domain/bittorrent/bitfield.ts'
import { corked } from '../fetch/cork.ts'

/** `-WW`, with which the peer ids of webtorrent begin, in hex. */
const WEBTORRENT = '2d5757'
/** What a peer says about its pieces (BEP 3, BEP 6), as events of a wire. */
const ANNOUNCEMENTS = ['bitfield', 'have', 'have-all', 'have-none'] as const

/**
 * Has a peer greeted with everything in one write: handshake, bitfield if the metadata is known, extended handshake and
 * `interested`. By default, bittorrent-protocol 5.0.9 waits for the peer's handshake before it sends the rest: a round trip
 * more, and half a second more with a libtorrent whose upload is limited, since that sends only every 500 ms.
 *
 * The order is that of BEP 3 (the bitfield is the first message) and BEP 10 (the extended handshake follows the handshake).
 * A peer that knows no extensions may hang up on it; it is dialled again without this (`careful`).
 *
 * Call it before `peer.onConnect`.
 */
export function greetAtOnce(peer: DialledPeer, torrent: Torrent): void {
  const shakeHands = peer.handshake.bind(peer)
  // Called when the connection is there, or when its encryption is agreed on.
  peer.handshake = () => {
    const { wire } = peer
    if (!wire || isStarting(torrent)) return shakeHands()
    corked(wire, () => {
      shakeHands()
      announceNow(wire, torrent)
      extendNow(wire, torrent)
      beInterested(wire)
    })
    wire.once('handshake', () => repeatForWebtorrent(wire))
  }
}

/** The extensions that webtorrent 3.0.21 gives each wire when the peer's handshake has come, by their numbers. */
export function extensionsOf({
  client,
  private: isPrivate,
}: Pick<Torrent, 'client' | 'private'>): Record<number, string> {
  const peerExchange = client.utPex && !isPrivate ? ['ut_pex'] : []
  const names = ['ut_metadata', ...peerExchange, 'lt_donthave']
  return Object.fromEntries(names.map((name, at) => [at + 1, name]))
}

/** Its metadata is known, but not yet which pieces it has: a bitfield would come too late. */
function isStarting({ metadata, ready }: Torrent): boolean {
  return metadata !== null && !ready
}

/** webtorrent announces the pieces when the peer's handshake has come: by then, only what is new must be said. */
function announceNow(wire: Wire, torrent: Torrent): void {
  const said = torrent.ready ? Uint8Array.from(torrent.bitfield.buffer) : new Uint8Array()
  const sayTheRest = () => {
    for (const name of ['bitfield', 'haveAll', 'haveNone']) Reflect.deleteProperty(wire, name)
    for (const piece of piecesIn(torrent.bitfield.buffer, torrent.pieces.length)) {
      if (!hasPiece(said, piece)) wire.have(piece)
    }
  }
  if (torrent.ready) {
    wire.bitfield(said)
    wire.bitfield = wire.haveAll = wire.haveNone = sayTheRest
    return
  }
  // Without metadata, nothing can be announced. Later, peers with the fast extension must get an announcement (BEP 6), and
  // others must not: to them a bitfield is allowed as the first message only, and rTorrent hangs up on a late one.
  wire.bitfield = (bits) => {
    if (!wire.hasFast) return sayTheRest()
    Reflect.deleteProperty(wire, 'bitfield')
    wire.bitfield(bits)
  }
}

function extendNow(wire: Wire, torrent: Torrent): void {
  const numbers = extensionsOf(torrent)
  wire.extendedMapping = { ...numbers }
  if (torrent.metadata) Object.assign(wire.extendedHandshake, { metadata_size: torrent.metadata.length })
  wire._sendExtendedHandshake()
  // When webtorrent adds its extensions, the torrent may be known to be private, and then there are fewer of them.
  wire.once('handshake', () => {
    wire.extendedMapping = numbers
  })
}

/** webtorrent would take it back while it does not know what the peer has. */
function beInterested(wire: Wire): void {
  wire.interested()
  wire.uninterested = () => undefined
  const onAnnounced = () => {
    Reflect.deleteProperty(wire, 'uninterested')
    for (const event of ANNOUNCEMENTS) wire.removeListener(event, onAnnounced)
  }
  for (const event of ANNOUNCEMENTS) wire.on(event, onAnnounced)
}

/**
 * webtorrent 3.0.21 listens to a peer that has connected to it only a moment after its handshake: what comes in the same
 * packet is lost. So it is said again, the extended handshake by bittorrent-protocol and `interested` by our fetcher.
 */
function repeatForWebtorrent(wire: Wire): void {
  if (!wire.peerId.startsWith(WEBTORRENT)) return
  wire._extendedHandshakeSent = false
  wire.amInterested = false
}
