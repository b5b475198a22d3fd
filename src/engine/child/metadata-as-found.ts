import { createHash } from 'node:crypto'
import type { EventEmitter } from 'node:events'
import type Wire from 'bittorrent-protocol'
import type { ParsedTorrent, Torrent } from 'webtorrent'
import type { InfoHash } from '../../domain/bittorrent/info-hash.ts'
import type { TorrentInfo } from '../../domain/bittorrent/metainfo.ts'
import { MISSING } from './drop-piece-objects.ts'

/** Metadata with the right hash, which is not hashed again for every peer. */
const right = new WeakSet<Uint8Array>()

/** The part of ut_metadata 5.0.1 that is replaced here. */
interface MetadataHolder extends EventEmitter {
  metadata: Uint8Array
  _metadataComplete: boolean
  _metadataSize: number | null
  readonly _wire: Wire
  cancel(): void
  setMetadata(bytes: Uint8Array): Promise<boolean>
}

/**
 * A torrent as webtorrent 3.0.21 has it after it has decoded the metadata. It never decodes any here, because it would
 * encode it again, and the order of keys, repeated keys and large numbers would be lost: another torrent. Of the files it
 * only needs the total length.
 */
export function parsedTorrent(infoHash: InfoHash, info: TorrentInfo): ParsedTorrent {
  const { name, length, pieceLength, pieceCount } = info
  return {
    infoHash,
    infoHashBuffer: Buffer.from(infoHash, 'hex'),
    info: {},
    name,
    announce: [],
    urlList: [],
    ...(info.isPrivate ? { private: true } : {}),
    files: [{ path: name, name, length, offset: 0 }],
    length,
    pieceLength,
    lastPieceLength: length % pieceLength || pieceLength,
    pieces: new AllMissing(pieceCount),
  }
}

/** Replaces the list of piece hashes, for each of which webtorrent would make an object. */
class AllMissing {
  readonly length: number

  constructor(length: number) {
    this.length = length
  }

  map(): unknown[] {
    return new Array(this.length).fill(MISSING)
  }
}

/**
 * Peers are given the metadata as it was found.
 *
 * @param metadataOf - the bytes that have the info hash, once they are known
 */
export function keepMetadata(torrent: Torrent, metadataOf: () => Uint8Array | undefined): void {
  const get = () => {
    const bytes = metadataOf()
    if (bytes) right.add(bytes)
    return bytes
  }
  Object.defineProperty(torrent, 'torrentFile', { get, set: () => undefined })
}

/**
 * Metadata of a peer is kept as it was sent.
 *
 * @param extension - the prototype of ut_metadata for one peer
 * @param infoHashOf - in hex
 */
export function takeMetadataAsFound(extension: object, infoHashOf: () => string | undefined): void {
  const holder = extension as MetadataHolder
  holder.setMetadata = async function setMetadata(this: MetadataHolder, bytes) {
    if (this._metadataComplete) return true
    if (!right.has(bytes)) {
      if (createHash('sha1').update(bytes).digest('hex') !== infoHashOf()) return false
      right.add(bytes)
    }
    this.cancel()
    this.metadata = bytes
    this._metadataComplete = true
    this._metadataSize = bytes.length
    Object.assign(this._wire.extendedHandshake, { metadata_size: bytes.length })
    this.emit('metadata', bytes)
    return true
  }
}
