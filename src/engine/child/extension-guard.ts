import type { EventEmitter } from 'node:events'
import Wire from 'bittorrent-protocol'
import { MAX_PIECES } from '../../domain/bittorrent/metainfo.ts'
import { mayNamePeer, scopeOf } from '../../domain/clients/address-scope.ts'
import { messageOf } from '../../domain/errors.ts'
import { decode } from '../../lib/bencoding.ts'
import { type Drop, isTooRestless, unreadBytes } from './message-limits.ts'
import { takeMetadataAsFound } from './metadata-as-found.ts'
import { fetchMetadata, isPieceOf, type MetadataFetcher } from './metadata-download.ts'

/** Bytes of answers to requests for metadata that may be left unread; more requests are not answered. */
const MOST_UNREAD = 1024 * 1024
const MOST_EXTENSIONS = 100
/** An honest peer sends 50 addresses, the first time perhaps some hundred. */
const MOST_PEX_BYTES = 16 * 1024
const MOST_PEX_PEERS = 200
/** Bytes of an address with its port. */
const PEX_LISTS = { added: 6, dropped: 6, added6: 18, dropped6: 18 } as const

/** ut_metadata 5.0.1, as far as we know it. */
interface MetadataExtension extends MetadataFetcher, EventEmitter {
  readonly _metadataComplete: boolean
  _onRequest(piece: unknown): void
  _failedMetadata(): void
}

/** ut_pex 4.0.5 and lt_donthave 2.0.1. */
interface PlainExtension extends EventEmitter {
  onMessage(buffer: Uint8Array): void
}

/**
 * Lets extension messages (BEP 9, 10, 11) say only what they are for. As they come, the extensions believe every
 * number and type: a list of peers that is a dictionary with a `length` makes `Buffer.from` count to it, a handshake
 * that is repeated has the metadata asked for again, and a rejected promise of theirs ends the process.
 */
export function installExtensionGuard(drop: Drop): void {
  const { use, _onExtended: readExtended, _onHandshake: shakeHands } = Wire.prototype
  const infoHashes = new WeakMap<Wire, string>()

  Wire.prototype._onHandshake = function rememberedHandshake(this: Wire, infoHash, ...others) {
    infoHashes.set(this, Buffer.from(infoHash).toString('hex'))
    // Of pieces beyond the first 400 000, nothing would be heard.
    this.peerPieces.grow = Math.ceil(MAX_PIECES / 8)
    shakeHands.call(this, infoHash, ...others)
  }

  Wire.prototype._onExtended = function guardedExtended(this: Wire, id, buffer) {
    if (id === 0) {
      if (isTooRestless(this)) return drop(this, 'it shakes hands too often')
      const complaint = complaintAboutHandshake(buffer)
      if (complaint !== undefined) return drop(this, complaint)
    }
    readExtended.call(this, id, buffer)
  }

  Wire.prototype.use = function guardedUse(this: Wire, extension) {
    const { name } = extension.prototype
    if (name === 'ut_metadata') takeMetadataAsFound(extension.prototype, () => infoHashes.get(this))
    use.call(this, extension)
    const handler: unknown = Reflect.get(this, name)
    if (name === 'ut_metadata') {
      const metadata = handler as MetadataExtension
      guardMetadata(this, metadata, drop)
    }
    if (name === 'ut_pex') guardPeerExchange(this, handler as PlainExtension, drop)
    if (name === 'lt_donthave') guardDontHave(this, handler as PlainExtension, drop)
  }
}

function complaintAboutHandshake(buffer: Uint8Array): string | undefined {
  let handshake: unknown
  try {
    handshake = decode(buffer)
  } catch (error) {
    return `an extension handshake that is not bencoded: ${messageOf(error)}`
  }
  if (!isDictionary(handshake)) return 'an extension handshake that is no dictionary'
  const { m: extensions, metadata_size: size } = handshake
  if (size !== undefined && !(Number.isSafeInteger(size) && (size as number) >= 0)) {
    return 'metadata whose size is no number of bytes'
  }
  if (extensions === undefined) return undefined
  if (!isDictionary(extensions)) return 'extensions that are no dictionary'
  const ids = Object.values(extensions)
  if (ids.length > MOST_EXTENSIONS) return `${ids.length} extensions`
  return ids.every((id) => Number.isInteger(id) && (id as number) >= 0 && (id as number) <= 255)
    ? undefined
    : 'an extension whose id is no byte'
}

function guardMetadata(wire: Wire, metadata: MetadataExtension, drop: Drop): void {
  const onRequest = metadata._onRequest.bind(metadata)
  const checkDone = metadata._checkDone.bind(metadata)

  metadata._onRequest = (piece) => {
    if (unreadBytes(wire) > MOST_UNREAD) return
    if (metadata._metadataComplete && !isPieceOf(piece, metadata.metadata?.length ?? 0)) {
      return drop(wire, 'a request for metadata that is not there')
    }
    onRequest(piece)
  }

  metadata._checkDone = () => checkDone().catch((error: unknown) => drop(wire, messageOf(error)))

  fetchMetadata(wire, metadata, drop)
  metadata._failedMetadata = () => drop(wire, 'metadata that is not this torrent’s')
}

function guardPeerExchange(wire: Wire, exchange: PlainExtension, drop: Drop): void {
  const onMessage = exchange.onMessage.bind(exchange)
  const emit = exchange.emit.bind(exchange)
  let peers = 0

  exchange.onMessage = (buffer) => {
    const complaint = complaintAboutPeers(buffer)
    if (complaint !== undefined) return drop(wire, complaint)
    peers = 0
    onMessage(buffer)
  }

  exchange.emit = (event, ...args) => {
    // Who left another peer's swarm may well be in ours; believing it would let one peer take the others from us.
    if (event === 'dropped') return false
    if (event === 'peer' && (++peers > MOST_PEX_PEERS || !mayTellOf(wire, String(args[0])))) return false
    return emit(event, ...args)
  }
}

function complaintAboutPeers(buffer: Uint8Array): string | undefined {
  if (buffer.length > MOST_PEX_BYTES) return `${buffer.length} bytes of peers`
  let message: unknown
  try {
    message = decode(buffer)
  } catch (error) {
    return `peers that are not bencoded: ${messageOf(error)}`
  }
  if (!isDictionary(message)) return 'peers that are no dictionary'
  for (const [key, size] of Object.entries(PEX_LISTS)) {
    const list = message[key]
    if (list === undefined) continue
    if (!(list instanceof Uint8Array) || list.length % size !== 0)
      return `peers whose "${key}" is no list of them`
  }
  return undefined
}

/**
 * Only a peer that we went to can be known to be in our network: behind the proxy of a container, or NAT that rewrites
 * sources, everybody who comes to us has a private address.
 */
function mayTellOf(wire: Wire, address: string): boolean {
  const host = address.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
  const isOutgoing = wire.type.endsWith('Outgoing')
  return mayNamePeer(isOutgoing ? scopeOf(wire.remoteAddress ?? '') : 'internet', host)
}

function guardDontHave(wire: Wire, extension: PlainExtension, drop: Drop): void {
  const onMessage = extension.onMessage.bind(extension)
  extension.onMessage = (buffer) => {
    if (buffer.length !== 4) return drop(wire, `lt_donthave with ${buffer.length} bytes`)
    if (isTooRestless(wire)) return drop(wire, 'it loses pieces too often')
    onMessage(buffer)
  }
}

function isDictionary(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)
}
