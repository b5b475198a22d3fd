import { atOnce, type Work } from '../../lib/in-turns.ts'
import { SelfStremeError } from '../errors.ts'
import { decoded, encodedFields, plain } from './bencode-fields.ts'
import { isCount, nameOf, readFiles, shown, type TorrentFile } from './listed-files.ts'

export type { TorrentFile } from './listed-files.ts'

/** The metadata of a torrent, checked. */
export interface TorrentInfo {
  readonly name: string
  /** bytes of every piece except the last */
  readonly pieceLength: number
  /** bytes of all files */
  readonly length: number
  readonly pieceCount: number
  /** SHA-1 of each piece, 20 bytes each, concatenated */
  readonly pieceHashes: Uint8Array
  readonly files: readonly TorrentFile[]
  /** BEP 27: only the torrent's own trackers may be contacted, and only they name peers */
  readonly isPrivate: boolean
}

/** The parts of a torrent file that we use. */
export interface MetainfoParts {
  /** The encoded value of "info": the info hash is the SHA-1 of these bytes (BEP 3). */
  readonly info: Uint8Array
  /** Its trackers, unchanged (BEP 3 "announce", BEP 12 "announce-list"). */
  readonly trackers: readonly string[]
}

const KIB = 1024
const MIN_PIECE_LENGTH = 16 * KIB
/** The longest in use; libtorrent accepts twice as much. */
export const MAX_PIECE_LENGTH = 256 * KIB * KIB
/** More than the largest metadata has room for. */
export const MAX_PIECES = 1_000_000
const HASH_BYTES = 20
/** Characters; no tracker has a longer URL. */
const MAX_TRACKER_LENGTH = 500
const OUTER_KEYS = new Set(['info', 'announce', 'announce-list'])
const INFO_KEYS = new Set([
  ...['name', 'name.utf-8', 'piece length', 'pieces', 'length', 'files', 'attr', 'private', 'meta version'],
])
const NOTHING = new Uint8Array()
const HEAD = new TextEncoder().encode('d4:info')
const TAIL = new TextEncoder().encode('e')
const utf8 = new TextDecoder()

/**
 * Parses a torrent file. It comes from strangers, and its numbers decide how much memory and time we spend, so
 * implausible values are refused. Names are cut to 255 characters and paths to 1,000, which bounds later work. The
 * encoding is read leniently: order of keys, unknown or repeated keys and leading zeros do not matter.
 *
 * @throws SelfStremeError `torrent.invalid`, saying what was expected
 * @see BEP 3, "metainfo files"; BEP 47 for padding files
 */
export function parseMetainfo(bytes: Uint8Array): TorrentInfo {
  return atOnce(parsing(bytes))
}

/** {@link parseMetainfo} in steps. */
export function* parsing(bytes: Uint8Array): Work<TorrentInfo> {
  return yield* parsingInfo((yield* outerFields(bytes)).info ?? NOTHING)
}

/**
 * Parses the value of "info" alone, which is what peers send (BEP 9).
 *
 * @throws as {@link parseMetainfo}
 */
export function* parsingInfo(encoded: Uint8Array): Work<TorrentInfo> {
  const info = yield* encodedFields(encoded, INFO_KEYS)
  const pieceLength = plain(info.get('piece length'))
  if (!isCount(pieceLength) || pieceLength < MIN_PIECE_LENGTH || pieceLength > MAX_PIECE_LENGTH) {
    throw invalid(`piece length ${shown(pieceLength)} is not between 16 KiB and 256 MiB`)
  }

  if (plain(info.get('meta version')) === 2 && info.get('pieces') === undefined)
    throw invalid('only BitTorrent v2 (BEP 52); expected v1 or hybrid')

  const name = nameOf(plain(info.get('name.utf-8') ?? info.get('name')))
  if (name === undefined) throw invalid('the name is not a string')
  const files = yield* readFiles(encoded, info.get('files'), name)
  const length = files.reduce((sum, file) => sum + file.length, 0)
  if (length === 0) throw invalid('all files are empty')
  const pieceCount = Math.ceil(length / pieceLength)
  if (pieceCount > MAX_PIECES) throw invalid(`it has ${pieceCount} pieces; the limit is ${MAX_PIECES}`)

  const hashes = plain(info.get('pieces'))
  if (!(hashes instanceof Uint8Array) || hashes.length !== pieceCount * HASH_BYTES) {
    throw invalid(`"pieces" does not hold one hash for each of ${pieceCount} pieces`)
  }
  // Copied, so that the rest of the metadata can be collected.
  const pieceHashes = new Uint8Array(hashes)
  const isPrivate = info.all('private').some(isYes)
  return { name, pieceLength, length, pieceCount, pieceHashes, files, isPrivate }
}

/**
 * The parts of a torrent file that we use, in steps.
 *
 * @throws SelfStremeError `torrent.invalid`
 */
export function* splitting(bytes: Uint8Array): Work<MetainfoParts> {
  const { info, announce, tiers } = yield* outerFields(bytes)
  if (!info) throw invalid('it has no "info"')
  return { info, trackers: readTrackers(announce, tiers) }
}

/** The bytes whose SHA-1 is the info hash (BEP 3), unchanged. @throws SelfStremeError `torrent.invalid` */
export function infoBytes(bytes: Uint8Array): Uint8Array {
  return atOnce(splitting(bytes)).info
}

/** A torrent file with nothing but `info` in it: no trackers, no web seeds. */
export function wrapInfo(info: Uint8Array): Uint8Array {
  const wrapped = new Uint8Array(HEAD.length + info.length + TAIL.length)
  wrapped.set(HEAD)
  wrapped.set(info, HEAD.length)
  wrapped.set(TAIL, HEAD.length + info.length)
  return wrapped
}

/** Length of one piece in bytes; the last is shorter. */
export function pieceLengthAt(info: TorrentInfo, piece: number): number {
  return Math.min(info.pieceLength, info.length - piece * info.pieceLength)
}

/** Expected SHA-1 of a piece, 20 bytes. */
export function pieceHashAt(info: TorrentInfo, piece: number): Uint8Array {
  return info.pieceHashes.subarray(piece * HASH_BYTES, (piece + 1) * HASH_BYTES)
}

/** First and last piece, inclusive, that hold bytes of a file. */
export function piecesOf(info: TorrentInfo, file: TorrentFile): { first: number; last: number } {
  const last = Math.max(file.offset, file.offset + file.length - 1)
  return { first: Math.floor(file.offset / info.pieceLength), last: Math.floor(last / info.pieceLength) }
}

function* outerFields(bytes: Uint8Array) {
  const fields = yield* encodedFields(bytes, OUTER_KEYS)
  // Clients disagree on which one identifies the torrent.
  if (fields.all('info').length > 1) throw invalid('it has "info" twice')
  const [info, announce, tiers] = ['info', 'announce', 'announce-list'].map(fields.get)
  return { info, announce, tiers }
}

function readTrackers(announce: Uint8Array | undefined, tiers: Uint8Array | undefined): string[] {
  const list = decoded(tiers)
  const listed: unknown[] = Array.isArray(list) ? list.flat() : []
  const urls = [plain(announce), ...listed].filter((url) => url instanceof Uint8Array)
  return [
    ...new Set(urls.filter(({ length }) => length <= MAX_TRACKER_LENGTH).map((url) => utf8.decode(url))),
  ]
}

/** Anything but 0 counts: asking too few trackers can be corrected by the user, asking too many cannot. */
function isYes(encoded: Uint8Array): boolean {
  return plain(encoded) !== 0
}

function invalid(what: string): SelfStremeError {
  return new SelfStremeError('torrent.invalid', what)
}
