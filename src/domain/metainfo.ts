import { decode as decodeBytes, encode } from './bencoding.ts'
import { SelfStremeError } from './errors.ts'

/** One file of a torrent. Its place in the list, counted from 0 over all files, is what Stremio calls `fileIdx`. */
export interface TorrentFile {
  /** as the torrent says, with `/` between folders; never a path on our disk */
  readonly path: string
  /** last part of the path */
  readonly name: string
  /** bytes */
  readonly length: number
  /** first byte, counted from the start of the torrent */
  readonly offset: number
  /** BEP 47: zeros that only align the next file to a piece */
  readonly isPadding: boolean
}

/** What the metadata of a torrent says, checked. */
export interface TorrentInfo {
  readonly name: string
  /** bytes of every piece but the last */
  readonly pieceLength: number
  /** bytes of all files */
  readonly length: number
  readonly pieceCount: number
  /** SHA-1 of each piece, 20 bytes each, one after the other */
  readonly pieceHashes: Uint8Array
  readonly files: readonly TorrentFile[]
}

const KIB = 1024
const MIN_PIECE_LENGTH = 16 * KIB
export const MAX_PIECE_LENGTH = 64 * KIB * KIB
export const MAX_PIECES = 100_000
const MAX_FILES = 10_000
const HASH_BYTES = 20

/**
 * Reads a torrent file, or the metadata a peer sent (BEP 9 wraps it as `{ info }`), and refuses what no honest
 * torrent says: it comes from strangers, and its numbers decide how much memory and time we spend.
 *
 * @throws SelfStremeError `torrent.invalid`, saying what was expected
 * @see BEP 3, "metainfo files"; BEP 47 for padding files
 */
export function parseMetainfo(bytes: Uint8Array): TorrentInfo {
  const info = field(decode(bytes), 'info')
  const pieceLength = field(info, 'piece length')
  if (
    !isCount(pieceLength) ||
    pieceLength < MIN_PIECE_LENGTH ||
    pieceLength > MAX_PIECE_LENGTH ||
    !isPowerOfTwo(pieceLength)
  ) {
    throw invalid(`piece length ${shown(pieceLength)} is not a power of two from 16 KiB to 64 MiB`)
  }

  if (field(info, 'meta version') === 2 && field(info, 'pieces') === undefined)
    throw invalid('it is of BitTorrent v2 alone (BEP 52), and only v1 or both are known here')

  const name = text(field(info, 'name.utf-8') ?? field(info, 'name'))
  if (name === undefined) throw invalid('the name is no text')
  const files = readFiles(info, name)
  const length = files.reduce((sum, file) => sum + file.length, 0)
  if (length === 0) throw invalid('all files are empty')
  const pieceCount = Math.ceil(length / pieceLength)
  if (pieceCount > MAX_PIECES) throw invalid(`${pieceCount} pieces are more than ${MAX_PIECES}`)

  const pieceHashes = field(info, 'pieces')
  if (!(pieceHashes instanceof Uint8Array) || pieceHashes.length !== pieceCount * HASH_BYTES) {
    throw invalid(`"pieces" does not hold one hash for each of ${pieceCount} pieces`)
  }
  return { name, pieceLength, length, pieceCount, pieceHashes, files }
}

/** The same metadata with nothing but `info` in it: no trackers, no web seeds. */
export function stripMetainfo(bytes: Uint8Array): Uint8Array {
  return encode({ info: field(decode(bytes), 'info') })
}

/** The bytes whose SHA-1 is the info hash (BEP 3). */
export function encodeInfo(bytes: Uint8Array): Uint8Array {
  return encode(field(decode(bytes), 'info'))
}

/** The trackers that a torrent file names, as they came (BEP 3 "announce", BEP 12 "announce-list"). */
export function trackersOf(bytes: Uint8Array): string[] {
  const file = decode(bytes)
  const tiers = field(file, 'announce-list')
  const listed: unknown[] = Array.isArray(tiers) ? tiers.flat() : []
  return [...new Set([field(file, 'announce'), ...listed].map(text))].filter((url) => url !== undefined)
}

/** Bytes of one piece; the last is shorter. */
export function pieceLengthAt(info: TorrentInfo, piece: number): number {
  return Math.min(info.pieceLength, info.length - piece * info.pieceLength)
}

/** SHA-1 that a piece must have, 20 bytes. */
export function pieceHashAt(info: TorrentInfo, piece: number): Uint8Array {
  return info.pieceHashes.subarray(piece * HASH_BYTES, (piece + 1) * HASH_BYTES)
}

/** First and last piece, inclusive, that hold bytes of a file. */
export function piecesOf(info: TorrentInfo, file: TorrentFile): { first: number; last: number } {
  const last = Math.max(file.offset, file.offset + file.length - 1)
  return { first: Math.floor(file.offset / info.pieceLength), last: Math.floor(last / info.pieceLength) }
}

function decode(bytes: Uint8Array): unknown {
  try {
    return decodeBytes(bytes)
  } catch (cause) {
    throw new SelfStremeError('torrent.invalid', 'the metadata is not bencoded', { cause })
  }
}

function readFiles(info: unknown, name: string): TorrentFile[] {
  const list = field(info, 'files')
  if (list !== undefined && !Array.isArray(list)) throw invalid('"files" is not a list')
  const entries: unknown[] = list ?? [info]
  if (entries.length === 0 || entries.length > MAX_FILES) {
    throw invalid(`${entries.length} files are not between 1 and ${MAX_FILES}`)
  }

  let offset = 0
  return entries.map((entry) => {
    const length = field(entry, 'length')
    if (!isCount(length) || !Number.isSafeInteger(offset + length)) {
      throw invalid(`file length ${shown(length)} is not a number of bytes`)
    }
    const parts = list ? readPath(entry) : [name]
    const path = parts.join('/')
    const file: TorrentFile = {
      path,
      name: parts.at(-1) ?? '',
      length,
      offset,
      isPadding: text(field(entry, 'attr'))?.includes('p') === true || path.startsWith('.pad/'),
    }
    offset += length
    return file
  })
}

function readPath(entry: unknown): string[] {
  const parts = field(entry, 'path.utf-8') ?? field(entry, 'path')
  if (!Array.isArray(parts) || parts.length === 0) throw invalid('a file has no path')
  return parts.map((part) => {
    const name = text(part)
    if (name === undefined) throw invalid('a path holds what is no text')
    return name
  })
}

function field(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
  return (value as Record<string, unknown>)[key]
}

function text(value: unknown): string | undefined {
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : undefined
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(Math.log2(value))
}

function shown(value: unknown): string {
  return value instanceof Uint8Array ? `"${text(value)?.slice(0, 40)}"` : String(value).slice(0, 40)
}

function invalid(what: string): SelfStremeError {
  return new SelfStremeError('torrent.invalid', what)
}
