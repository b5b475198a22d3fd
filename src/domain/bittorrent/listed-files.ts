import type { Work } from '../../lib/in-turns.ts'
import { isVideo } from '../content-type.ts'
import { SelfStremeError } from '../errors.ts'
import { encodedFields, encodedItems, isText, plain } from './bencode-fields.ts'

/** One file of a torrent. Its index over all files, from 0, is what Stremio calls `fileIdx`. */
export interface TorrentFile {
  /** from the torrent, with `/` between folders; not a path on our disk */
  readonly path: string
  /** last segment of the path */
  readonly name: string
  /** bytes */
  readonly length: number
  /** first byte, counted from the start of the torrent */
  readonly offset: number
  /** zeros that align the next file to a piece, or a symbolic link (both BEP 47): of no use to anyone */
  readonly isPadding: boolean
}

const MAX_FILES = 20_000
/** Parsing a video's name takes a fifth of a millisecond and some kilobytes. */
const MAX_VIDEOS = 10_000
/** Characters of a name or a path segment that are used; no file system has longer ones. */
const MAX_NAME_LENGTH = 255
/** Characters of a path that are used; folders further out say nothing. */
const MAX_PATH_LENGTH = 1_000
/** Characters at the end of a long name that are kept: they hold the extension. */
const KEPT_END = 50
/** UTF-8 takes at most 4 bytes per UTF-16 unit, so this many bytes hold all characters that are used. */
const BYTES_OF_NAME = 4 * MAX_NAME_LENGTH
/** Segments of a path, the file included. */
const MAX_PARTS = 20_000
const PADDING_FOLDER = '.pad'
/** BitComet's name for padding, older than BEP 47; a number and a hint to update BitComet follow. */
const PADDING_NAME = /^_____padding_file_\d/
const [PADDING, LINK] = [...'pl'].map((letter) => letter.charCodeAt(0)) as [number, number]
const FILE_KEYS = new Set(['length', 'path', 'path.utf-8', 'attr'])
const utf8 = new TextDecoder()

/**
 * The files of a torrent, each checked.
 *
 * @param info - the bytes that the info hash is made of; of a single-file torrent, its file
 * @param list - the value of "files", if present
 * @param name - of the torrent
 * @throws SelfStremeError `torrent.invalid`
 */
export function* readFiles(
  info: Uint8Array,
  list: Uint8Array | undefined,
  name: string,
): Work<TorrentFile[]> {
  const listed = list && (yield* encodedItems(list, MAX_FILES + 1))
  if (list && !listed) throw invalid('"files" is not a list')
  const entries = listed ?? [info]
  if (entries.length === 0) throw invalid('it has 0 files')
  if (entries.length > MAX_FILES) throw invalid(`it has more than ${MAX_FILES} files`)

  const files: TorrentFile[] = []
  let offset = 0
  let videos = 0
  for (const entry of entries) {
    const fields = yield* encodedFields(entry, FILE_KEYS)
    const attributes = plain(fields.get('attr'))
    const isLink = hasAttribute(attributes, LINK)
    // The length of a link is 0 (BEP 47), and is often left out.
    const length = isLink ? 0 : plain(fields.get('length'))
    if (!isCount(length) || !Number.isSafeInteger(offset + length)) {
      throw invalid(`file length ${shown(length)} is not a number of bytes`)
    }
    const isMarked = isLink || hasAttribute(attributes, PADDING)
    const path = listed
      ? yield* readPath(fields.get('path.utf-8') ?? fields.get('path'), isMarked)
      : { path: name, name, isPadding: false }
    files.push({ ...path, length, offset, isPadding: path.isPadding || isMarked })
    offset += length
    if (isVideo(path.name) && ++videos > MAX_VIDEOS) throw invalid(`it has more than ${MAX_VIDEOS} videos`)
    yield
  }
  return files
}

/** @param mayLack - whether the path may be absent: some clients omit it for padding */
function* readPath(
  encoded: Uint8Array | undefined,
  mayLack: boolean,
): Work<Pick<TorrentFile, 'path' | 'name' | 'isPadding'>> {
  const parts = encoded && (yield* encodedItems(encoded, MAX_PARTS + 1))
  if (mayLack && !(parts && parts.length > 0 && parts.length <= MAX_PARTS && parts.every(isText)))
    return { path: '', name: '', isPadding: true }
  if (!parts || parts.length === 0) throw invalid('a file has no path')
  if (parts.length > MAX_PARTS) throw invalid(`a path has more than ${MAX_PARTS} parts`)
  if (!parts.every(isText)) throw invalid('a path segment is not a string')
  const name = nameOf(plain(parts.at(-1))) ?? ''
  const isInPadding = parts.length > 1 && nameOf(plain(parts[0])) === PADDING_FOLDER
  const names = [name]
  let letters = name.length
  // From the file outwards: the outermost folders are dropped first.
  for (const part of parts.slice(0, -1).reverse()) {
    const folder = nameOf(plain(part)) ?? ''
    letters += folder.length + 1
    if (letters > MAX_PATH_LENGTH) break
    names.push(folder)
  }
  return { path: names.reverse().join('/'), name, isPadding: isInPadding || PADDING_NAME.test(name) }
}

/** BEP 47: each character of "attr" is an attribute. */
function hasAttribute(attributes: unknown, letter: number): boolean {
  return attributes instanceof Uint8Array && attributes.subarray(0, MAX_NAME_LENGTH).includes(letter)
}

/** A name, shortened in the middle if too long; `undefined` if it is not a string. */
export function nameOf(value: unknown): string | undefined {
  if (!(value instanceof Uint8Array)) return undefined
  if (value.length <= MAX_NAME_LENGTH) return utf8.decode(value)
  const start = utf8.decode(value.subarray(0, BYTES_OF_NAME))
  if (value.length <= BYTES_OF_NAME && start.length <= MAX_NAME_LENGTH) return start
  const end = utf8.decode(value.subarray(-BYTES_OF_NAME))
  return (start.slice(0, MAX_NAME_LENGTH - KEPT_END) + end.slice(-KEPT_END)).toWellFormed()
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** A foreign value, shortened for an error message. */
export function shown(value: unknown): string {
  return value instanceof Uint8Array
    ? `"${utf8.decode(value.subarray(0, 160)).slice(0, 40)}"`
    : String(value).slice(0, 40)
}

function invalid(what: string): SelfStremeError {
  return new SelfStremeError('torrent.invalid', what)
}
