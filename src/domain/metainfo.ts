import { dictionarySpans, isCanonical, listSpans } from './bencode-spans.ts'
import { decode as decodeBytes } from './bencoding.ts'
import { messageOf, SelfStremeError } from './errors.ts'
import { atOnce, type Work } from './in-turns.ts'

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
  /** BEP 27: only its own trackers may be told of it, and only they name peers */
  readonly isPrivate: boolean
}

const KIB = 1024
const MIN_PIECE_LENGTH = 16 * KIB
export const MAX_PIECE_LENGTH = 64 * KIB * KIB
export const MAX_PIECES = 100_000
const MAX_FILES = 10_000
const HASH_BYTES = 20
/** Letters of a name or a part of a path that are used; no file system keeps longer ones. */
const LONGEST_NAME = 255
/** Letters of a path that are used: longer ones are those of folders that say nothing. */
const LONGEST_PATH = 1_000
/** Of a name that is too long, the end stays as well: there is the extension. */
const KEPT_END = 50
/** UTF-8 takes no more for a letter as JavaScript counts them; so many bytes hold as many letters as are kept. */
const BYTES_OF_NAME = 4 * LONGEST_NAME
/** Letters; no tracker has a longer address. */
const LONGEST_TRACKER = 500
const PADDING_FOLDER = '.pad'
const [LETTER_D, LETTER_I, LETTER_L, LETTER_P] = [...'dilp'].map((letter) => letter.charCodeAt(0)) as [
  number,
  number,
  number,
  number,
]
const utf8 = new TextDecoder()
const OUTER_KEYS = new Set(['info', 'announce', 'announce-list'])
const INFO_KEYS = new Set([
  ...['name', 'name.utf-8', 'piece length', 'pieces', 'length', 'files', 'attr', 'private', 'meta version'],
])
const FILE_KEYS = new Set(['length', 'path', 'path.utf-8', 'attr'])
const NOTHING = new Uint8Array()
const HEAD = new TextEncoder().encode('d4:info')
const TAIL = new TextEncoder().encode('e')

/**
 * Reads a torrent file, or the metadata a peer sent (BEP 9 wraps it as `{ info }`), and refuses what no honest
 * torrent says: it comes from strangers, and its numbers decide how much memory and time we spend. Names are cut to 255
 * letters and paths to 1 000, so that whatever reads them has little to read.
 *
 * @throws SelfStremeError `torrent.invalid`, saying what was expected
 * @see BEP 3, "metainfo files"; BEP 47 for padding files
 */
export function parseMetainfo(bytes: Uint8Array): TorrentInfo {
  return atOnce(parsing(bytes))
}

/** {@link parseMetainfo} bit by bit. */
export function* parsing(bytes: Uint8Array): Work<TorrentInfo> {
  const encoded = encodedFields(bytes, OUTER_KEYS)('info')
  yield
  const info = encodedFields(encoded ?? NOTHING, INFO_KEYS)
  yield
  const pieceLength = plain(info('piece length'))
  if (
    !isCount(pieceLength) ||
    pieceLength < MIN_PIECE_LENGTH ||
    pieceLength > MAX_PIECE_LENGTH ||
    !isPowerOfTwo(pieceLength)
  ) {
    throw invalid(`piece length ${shown(pieceLength)} is not a power of two from 16 KiB to 64 MiB`)
  }

  if (plain(info('meta version')) === 2 && info('pieces') === undefined)
    throw invalid('it is of BitTorrent v2 alone (BEP 52), and only v1 or both are known here')

  const name = nameOf(plain(info('name.utf-8') ?? info('name')))
  if (name === undefined) throw invalid('the name is no text')
  const files = yield* readFiles(encoded ?? NOTHING, info('files'), name)
  const length = files.reduce((sum, file) => sum + file.length, 0)
  if (length === 0) throw invalid('all files are empty')
  const pieceCount = Math.ceil(length / pieceLength)
  if (pieceCount > MAX_PIECES) throw invalid(`${pieceCount} pieces are more than ${MAX_PIECES}`)

  const pieceHashes = plain(info('pieces'))
  if (!(pieceHashes instanceof Uint8Array) || pieceHashes.length !== pieceCount * HASH_BYTES) {
    throw invalid(`"pieces" does not hold one hash for each of ${pieceCount} pieces`)
  }
  return { name, pieceLength, length, pieceCount, pieceHashes, files, isPrivate: isPrivate(info('private')) }
}

/**
 * The bytes whose SHA-1 is the info hash (BEP 3), as they stand in the file.
 *
 * @throws SelfStremeError `torrent.invalid`, also where webtorrent would make other bytes of them
 */
export function infoBytes(bytes: Uint8Array): Uint8Array {
  const info = encodedFields(bytes, OUTER_KEYS)('info')
  if (!info) throw invalid('it has no "info"')
  if (!isCanonical(info)) throw invalid('the metadata is not encoded as BEP 3 asks for')
  return info
}

/** The same metadata with nothing but `info` in it: no trackers, no web seeds. @throws as {@link infoBytes} */
export function stripMetainfo(bytes: Uint8Array): Uint8Array {
  const info = infoBytes(bytes)
  const stripped = new Uint8Array(HEAD.length + info.length + TAIL.length)
  stripped.set(HEAD)
  stripped.set(info, HEAD.length)
  stripped.set(TAIL, HEAD.length + info.length)
  return stripped
}

/** The trackers that a torrent file names, as they came (BEP 3 "announce", BEP 12 "announce-list"). */
export function trackersOf(bytes: Uint8Array): string[] {
  const fieldOf = encodedFields(bytes, OUTER_KEYS)
  const [announce, tiers] = ['announce', 'announce-list'].map(fieldOf).map((each) => each && decode(each))
  const listed: unknown[] = Array.isArray(tiers) ? tiers.flat() : []
  const urls = [announce, ...listed].filter(isShort).map(text)
  return [...new Set(urls)].filter((url) => url !== undefined)
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

/** Gives the encoded values of a dictionary by their keys. @throws SelfStremeError `torrent.invalid` */
function encodedFields(
  bytes: Uint8Array,
  keys: ReadonlySet<string>,
): (key: string) => Uint8Array | undefined {
  const spans = orNotBencoded(() => dictionarySpans(bytes, keys))
  return (key) => {
    const span = spans?.get(key)
    return span && bytes.subarray(span.start, span.end)
  }
}

/** The encoded values of a list; `undefined` for what is none. @throws SelfStremeError `torrent.invalid` */
function encodedItems(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  const spans = orNotBencoded(() => listSpans(bytes))
  return spans?.map(({ start, end }) => bytes.subarray(start, end))
}

function decode(bytes: Uint8Array): unknown {
  return orNotBencoded(() => decodeBytes(bytes))
}

/** A number or text; `undefined` for the rest, which strangers may make as large as they like: decoding it takes long. */
function plain(encoded: Uint8Array | undefined): unknown {
  return encoded === undefined || isNested(encoded) ? undefined : decode(encoded)
}

function isNested([kind]: Uint8Array): boolean {
  return kind === LETTER_D || kind === LETTER_L
}

function isText(encoded: Uint8Array): boolean {
  return !isNested(encoded) && encoded[0] !== LETTER_I
}

function orNotBencoded<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw new SelfStremeError('torrent.invalid', `the metadata is not bencoded: ${messageOf(cause)}`, {
      cause,
    })
  }
}

/** Anything but 0 counts: asking too few is mended by the user, telling too many is not. */
function isPrivate(encoded: Uint8Array | undefined): boolean {
  return encoded !== undefined && plain(encoded) !== 0
}

function* readFiles(info: Uint8Array, encoded: Uint8Array | undefined, name: string): Work<TorrentFile[]> {
  const list = encoded && encodedItems(encoded)
  if (encoded && !list) throw invalid('"files" is not a list')
  const entries = list ?? [info]
  if (entries.length === 0 || entries.length > MAX_FILES) {
    throw invalid(`${entries.length} files are not between 1 and ${MAX_FILES}`)
  }

  const files: TorrentFile[] = []
  let offset = 0
  for (const entry of entries) {
    const fieldOf = encodedFields(entry, FILE_KEYS)
    const length = plain(fieldOf('length'))
    if (!isCount(length) || !Number.isSafeInteger(offset + length)) {
      throw invalid(`file length ${shown(length)} is not a number of bytes`)
    }
    const path = list
      ? readPath(fieldOf('path.utf-8') ?? fieldOf('path'))
      : { path: name, name, isPadding: false }
    const isPadding = path.isPadding || isMarkedPadding(plain(fieldOf('attr')))
    files.push({ ...path, length, offset, isPadding })
    offset += length
    yield
  }
  return files
}

function readPath(encoded: Uint8Array | undefined): Pick<TorrentFile, 'path' | 'name' | 'isPadding'> {
  const parts = encoded && encodedItems(encoded)
  if (!parts || parts.length === 0) throw invalid('a file has no path')
  if (!parts.every(isText)) throw invalid('a path holds what is no text')
  const name = nameOf(plain(parts.at(-1))) ?? ''
  const isPadding = parts.length > 1 && nameOf(plain(parts[0])) === PADDING_FOLDER
  let path = name
  // From the file outwards: of too many folders, the outer ones say the least.
  for (const part of parts.slice(0, -1).reverse()) {
    const longer = `${nameOf(plain(part))}/${path}`
    if (longer.length > LONGEST_PATH) break
    path = longer
  }
  return { path, name, isPadding }
}

/** BEP 47: a padding file has a `p` among its attributes. */
function isMarkedPadding(attributes: unknown): boolean {
  return attributes instanceof Uint8Array && attributes.subarray(0, LONGEST_NAME).includes(LETTER_P)
}

/** A name, cut in the middle where it is too long. */
function nameOf(value: unknown): string | undefined {
  if (!(value instanceof Uint8Array)) return undefined
  if (value.length <= LONGEST_NAME) return text(value)
  const start = text(value.subarray(0, BYTES_OF_NAME)) ?? ''
  if (value.length <= BYTES_OF_NAME && start.length <= LONGEST_NAME) return start
  const end = text(value.subarray(-BYTES_OF_NAME)) ?? ''
  return (start.slice(0, LONGEST_NAME - KEPT_END) + end.slice(-KEPT_END)).toWellFormed()
}

function isShort(value: unknown): boolean {
  return value instanceof Uint8Array && value.length <= LONGEST_TRACKER
}

function text(value: unknown): string | undefined {
  return value instanceof Uint8Array ? utf8.decode(value) : undefined
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(Math.log2(value))
}

function shown(value: unknown): string {
  return value instanceof Uint8Array
    ? `"${text(value.subarray(0, 160))?.slice(0, 40)}"`
    : String(value).slice(0, 40)
}

function invalid(what: string): SelfStremeError {
  return new SelfStremeError('torrent.invalid', what)
}
