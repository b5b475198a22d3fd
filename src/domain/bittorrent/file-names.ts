import { atOnce, inTurns, type Work } from '../../lib/in-turns.ts'
import type { TorrentFile } from './metainfo.ts'

const MAX_BYTES = 200
/** Longer than any file name; the rest is ignored. */
const MAX_LETTERS = 1_000
/** Control characters, and those that reverse or hide parts of a name: `gpj.exe` shown as `exe.jpg`. */
const INVISIBLE = /\p{Cc}|\p{Default_Ignorable_Code_Point}|[\u2028\u2029\u061c]/gu
const DOT_OR_SPACE = /[.\s]/
const RESERVED = /[<>:"/\\|?*]/g
const DEVICE_NAME = /^(con|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³]|conin\$|conout\$)\s*(\.|$)/i

const utf8 = new TextEncoder()
const buffer = new Uint8Array(MAX_BYTES)

/** The names of a list of files are needed often, so they are computed once. */
const known = new WeakMap<readonly TorrentFile[], readonly string[]>()

/**
 * Names for the files of a torrent in its own folder: the torrent's names, made safe on every file system and unique.
 * The same files always get the same names.
 *
 * @param files - the result is cached for this very list
 * @returns one name per file, in the same order; each is a single path segment of at most 200 bytes that does not
 * begin with a dot
 */
export function safeFileNames(files: readonly TorrentFile[]): readonly string[] {
  return known.get(files) ?? atOnce(naming(files))
}

/** Computes the names ahead of use, in turns with other work. */
export async function nameFilesInTurns(files: readonly TorrentFile[]): Promise<void> {
  if (!known.has(files)) await inTurns(naming(files))
}

/** Appends the lowest free number from 2 on to a name that is taken. */
function* naming(files: readonly TorrentFile[]): Work<readonly string[]> {
  const taken = new Set<string>()
  /** lowest number that may be free, by name as shortened to fit the number */
  const free = new Map<string, number>()
  const names: string[] = []
  for (const [index, file] of files.entries()) {
    const name = safeFileName(file.name) || `file-${index}`
    const unique = taken.has(key(name)) ? numbered(name) : name
    taken.add(key(unique))
    names.push(unique)
    yield
  }
  known.set(files, names)
  return names

  function numbered(name: string): string {
    for (let from = 2, below = 10; ; from = below, below *= 10) {
      const family = key(withSuffix(name, ` (${'#'.repeat(String(from).length)})`))
      for (let n = free.get(family) ?? from; n < below; n++) {
        const unique = withSuffix(name, ` (${n})`)
        free.set(family, n + 1)
        if (!taken.has(key(unique))) return unique
      }
    }
  }
}

/**
 * A safe file name of at most 200 bytes.
 *
 * @param n - appended to the name from 2 on, for use when the name before it is taken
 */
export function numberedFileName(name: string, n: number): string {
  return withSuffix(safeFileName(name), n > 1 ? ` (${n})` : '')
}

function safeFileName(name: string): string {
  const harmless = trimDots(
    shortened(name).toWellFormed().replace(INVISIBLE, '').normalize('NFC').replace(RESERVED, '_'),
  )
  const fitting = withSuffix(harmless, '')
  return DEVICE_NAME.test(fitting) ? withSuffix(`_${fitting}`, '') : fitting
}

/** Cuts the middle, so that the extension stays. */
function shortened(name: string): string {
  return name.length <= MAX_LETTERS ? name : name.slice(0, MAX_LETTERS - 50) + name.slice(-50)
}

/** Leading dots hide a file; Windows drops trailing dots and spaces. */
function trimDots(name: string): string {
  let start = 0
  let end = name.length
  // An expression would search the middle of the name, too.
  while (start < end && DOT_OR_SPACE.test(name.charAt(start))) start++
  while (end > start && DOT_OR_SPACE.test(name.charAt(end - 1))) end--
  return name.slice(start, end)
}

/** Inserts a suffix before the extension, and shortens the stem to fit. */
function withSuffix(name: string, suffix: string): string {
  const extension = extensionOf(name)
  const stem = name.slice(0, name.length - extension.length)
  return trimDots(cutBytes(stem, MAX_BYTES - bytesOf(suffix + extension)) + suffix + extension)
}

/** With its dot; an empty string if there is none, or if it is no extension by its length or a space. */
function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.')
  return dot >= 0 && /^\.\S{1,16}$/.test(name.slice(dot)) ? name.slice(dot) : ''
}

/** As many characters as fit; one takes at most three bytes. */
function cutBytes(text: string, maxBytes: number): string {
  if (3 * text.length <= maxBytes) return text.trimEnd()
  const { read } = utf8.encodeInto(text, buffer.subarray(0, maxBytes))
  return text.slice(0, read).trimEnd()
}

function bytesOf(text: string): number {
  return utf8.encodeInto(text, buffer).written
}

/** Names that differ only in case are the same file on many file systems. */
function key(name: string): string {
  return name.toUpperCase().toLowerCase()
}
