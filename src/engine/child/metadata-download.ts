import type Wire from 'bittorrent-protocol'
import type { Drop } from './message-limits.ts'

const METADATA_PIECE = 16 * 1024
/** ut_metadata 5.0.1 accepts at most 10 MB. */
const MAX_METADATA = 16 * 1024 * 1024
/** Bytes of received parts, of all peers of all torrents: eight times the longest metadata. */
const MAX_HELD = 8 * MAX_METADATA

/** The parts of ut_metadata 5.0.1 that fetch. */
export interface MetadataFetcher {
  metadata: Uint8Array | undefined
  readonly _fetching: boolean
  _metadataSize: number | null
  _numPieces: number
  _remainingRejects: number | null
  _bitfield: { get(piece: number): boolean }
  _request(piece: number): void
  _requestPieces(): void
  _checkDone(): Promise<void>
  onExtendedHandshake(handshake: unknown): void
  _onData(piece: unknown, bytes: Uint8Array, totalSize: unknown): void
}

interface Download {
  readonly parts: Map<number, Uint8Array>
  bytes: number
}

/** Peers that have sent a part, in order of their last part, oldest first. */
const downloads = new Map<Wire, Download>()
let heldBytes = 0

/**
 * Fetches metadata of up to 16 MiB from a peer. Memory is allocated for received parts, not for the announced size; if
 * many peers start and stall, those whose last part is oldest are dropped.
 */
export function fetchMetadata(wire: Wire, metadata: MetadataFetcher, drop: Drop): void {
  const onExtendedHandshake = metadata.onExtendedHandshake.bind(metadata)
  const partsOf = () => downloads.get(wire)?.parts
  metadata._bitfield = { get: (piece) => partsOf()?.has(piece) === true }
  wire.once('close', () => forget(wire))

  metadata.onExtendedHandshake = (handshake) => {
    // All parts are requested when the size becomes known.
    if (metadata._metadataSize !== null) return
    const size = sizeIn(handshake)
    if (size === undefined) return onExtendedHandshake(handshake)
    metadata._metadataSize = size
    metadata._numPieces = Math.ceil(size / METADATA_PIECE)
    metadata._remainingRejects = 2 * metadata._numPieces
    metadata._requestPieces()
  }

  metadata._requestPieces = () => {
    if (!metadata._fetching) return
    for (let piece = 0; piece < metadata._numPieces; piece++) metadata._request(piece)
  }

  metadata._onData = (piece, bytes) => {
    if (!metadata._fetching) return
    const size = metadata._metadataSize ?? 0
    if (!isPieceOf(piece, size) || bytes.length !== Math.min(METADATA_PIECE, size - piece * METADATA_PIECE)) {
      return drop(wire, 'it sent metadata that was not requested')
    }
    // The last part triggers the hash, so it must not count twice.
    if (partsOf()?.has(piece)) return
    // Copied, because it is part of the connection's buffer.
    keep(wire, piece, new Uint8Array(bytes))
    if (partsOf()?.size === metadata._numPieces) {
      metadata.metadata = joined(partsOf() ?? new Map(), size)
      void metadata._checkDone().finally(() => forget(wire))
    }
    const [slowest] = downloads.keys()
    if (heldBytes > MAX_HELD && slowest) {
      forget(slowest)
      drop(slowest, 'it gives metadata too slowly')
    }
  }
}

export function isPieceOf(piece: unknown, size: number): piece is number {
  return Number.isInteger(piece) && (piece as number) >= 0 && (piece as number) * METADATA_PIECE < size
}

function keep(wire: Wire, piece: number, bytes: Uint8Array): void {
  const download = downloads.get(wire) ?? { parts: new Map(), bytes: 0 }
  download.parts.set(piece, bytes)
  download.bytes += bytes.length
  heldBytes += bytes.length
  // To the end of the map.
  downloads.delete(wire)
  downloads.set(wire, download)
}

function forget(wire: Wire): void {
  heldBytes -= downloads.get(wire)?.bytes ?? 0
  downloads.delete(wire)
}

function joined(parts: ReadonlyMap<number, Uint8Array>, size: number): Uint8Array {
  const all = new Uint8Array(size)
  for (const [piece, bytes] of parts) all.set(bytes, piece * METADATA_PIECE)
  return all
}

/** The metadata size that a peer announces, if it has metadata and the size is allowed. */
function sizeIn(handshake: unknown): number | undefined {
  const { m, metadata_size: size } = handshake as { m?: { ut_metadata?: unknown }; metadata_size?: unknown }
  return m?.ut_metadata && typeof size === 'number' && size > 0 && size <= MAX_METADATA ? size : undefined
}
