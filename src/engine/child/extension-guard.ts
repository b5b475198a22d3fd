import type { EventEmitter } from 'node:events'
import Wire from 'bittorrent-protocol'
import { MAX_PIECES } from '../../domain/bittorrent/metainfo.ts'
import { mayNamePeer, scopeOf } from '../../domain/clients/address-scope.ts'
import { messageOf } from '../../domain/errors.ts'
import { decode } from '../../lib/bencoding.ts'
import { type Drop, isTooRestless, unreadBytes } from './message-limits.ts'
import { takeMetadataAsFound } from './metadata-as-found.ts'
import { fetchMetadata, isPieceOf, type MetadataFetcher } from './metadata-download.ts'

/** Bytes of metadata that a peer may leave unread; further requests are not answered. */
const MAX_UNREAD = 1024 * 1024
const MAX_EXTENSIONS = 100
/** A normal peer sends 50 addresses at a time, and some hundred at first. */
const MAX_PEX_BYTES = 16 * 1024
const MAX_PEX_PEERS = 200
/** Bytes of an address with port. */
const PEX_LISTS = { added: 6, dropped: 6, added6: 18, dropped6: 18 } as const

/** The parts of ut_metadata 5.0.1 that are used here. */
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
 * Validates extension messages (BEP 9, 10, 11). By default, the extensions trust every number and type: a dictionary with
 * a `length` in place of a list of peers makes `Buffer.from` count to that length, a repeated handshake causes another
 * request for the metadata, and a promise that they reject ends the process.
 */
export function installExtensionGuard(drop: Drop): void {
  const { use, _onExtended: readExtended, _onHandshake: shakeHands } = Wire.prototype
  const infoHashes = new WeakMap<Wire, string>()

  Wire.prototype._onHandshake = function rememberedHandshake(this: Wire, infoHash, ...others) {
    infoHashes.set(this, Buffer.from(infoHash).toString('hex'))
    // By default, pieces beyond the first 400 000 are ignored.
    this.peerPieces.grow = Math.ceil(MAX_PIECES / 8)
    shakeHands.call(this, infoHash, ...others)
  }

  Wire.prototype._onExtended = function guardedExtended(this: Wire, id, buffer) {
    if (id === 0) {
      if (isTooRestless(this)) return drop(this, 'too many extension handshakes')
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
    return `the extension handshake is not bencoded: ${messageOf(error)}`
  }
  if (!isDictionary(handshake)) return 'the extension handshake is not a dictionary'
  const { m: extensions, metadata_size: size } = handshake
  if (size !== undefined && !(Number.isSafeInteger(size) && (size as number) >= 0)) {
    return 'the metadata size is not a number of bytes'
  }
  if (extensions === undefined) return undefined
  if (!isDictionary(extensions)) return 'the list of extensions is not a dictionary'
  const ids = Object.values(extensions)
  if (ids.length > MAX_EXTENSIONS) return `${ids.length} extensions`
  return ids.every((id) => Number.isInteger(id) && (id as number) >= 0 && (id as number) <= 255)
    ? undefined
    : 'an extension id is not a byte'
}

function guardMetadata(wire: Wire, metadata: MetadataExtension, drop: Drop): void {
  const onRequest = metadata._onRequest.bind(metadata)
  const checkDone = metadata._checkDone.bind(metadata)

  metadata._onRequest = (piece) => {
    if (unreadBytes(wire) > MAX_UNREAD) return
    if (metadata._metadataComplete && !isPieceOf(piece, metadata.metadata?.length ?? 0)) {
      return drop(wire, 'it requests metadata beyond the end')
    }
    onRequest(piece)
  }

  metadata._checkDone = () => checkDone().catch((error: unknown) => drop(wire, messageOf(error)))

  fetchMetadata(wire, metadata, drop)
  metadata._failedMetadata = () => drop(wire, 'it sent the metadata of another torrent')
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
    // "Dropped" peers are ignored: believing the list would let one peer take the others from us.
    if (event === 'dropped') return false
    if (event === 'peer' && (++peers > MAX_PEX_PEERS || !mayTellOf(wire, String(args[0])))) return false
    return emit(event, ...args)
  }
}

function complaintAboutPeers(buffer: Uint8Array): string | undefined {
  if (buffer.length > MAX_PEX_BYTES) return `${buffer.length} bytes of peers`
  let message: unknown
  try {
    message = decode(buffer)
  } catch (error) {
    return `the peer exchange message is not bencoded: ${messageOf(error)}`
  }
  if (!isDictionary(message)) return 'the peer exchange message is not a dictionary'
  for (const [key, size] of Object.entries(PEX_LISTS)) {
    const list = message[key]
    if (list === undefined) continue
    if (!(list instanceof Uint8Array) || list.length % size !== 0)
      return `"${key}" of the peer exchange message is not a list of peers`
  }
  return undefined
}

/**
 * Only an outgoing connection shows that a peer is in our network: behind a container's proxy, or NAT that rewrites
 * sources, all incoming connections have a private address.
 */
function mayTellOf(wire: Wire, address: string): boolean {
  const host = address.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
  const isOutgoing = wire.type.endsWith('Outgoing')
  return mayNamePeer(isOutgoing ? scopeOf(wire.remoteAddress ?? '') : 'internet', host)
}

function guardDontHave(wire: Wire, extension: PlainExtension, drop: Drop): void {
  const onMessage = extension.onMessage.bind(extension)
  extension.onMessage = (buffer) => {
    if (buffer.length !== 4) return drop(wire, `lt_donthave message of ${buffer.length} bytes`)
    if (isTooRestless(wire)) return drop(wire, 'too many lt_donthave messages')
    onMessage(buffer)
  }
}

function isDictionary(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)
}
