import { atOnce, inTurns, type Work } from '../../lib/in-turns.ts'
import type { TorrentFile } from './metainfo.ts'

const MAX_BYTES = 200
/** More than any name keeps; what comes behind is not worth looking at. */
const MAX_LETTERS = 1_000
const CONTROL = /\p{Cc}/gu
/** Marks that reverse or hide parts of a name: `gpj.exe` shown as `exe.jpg`. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}|[\u2028\u2029\u061c]/gu
const RESERVED = /[<>:"/\\|?*]/g
const DEVICE_NAME = /^(con|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³]|conin\$|conout\$)\s*(\.|$)/i

const utf8 = new TextEncoder()
const buffer = new Uint8Array(MAX_BYTES)

/** The same list of files is asked about again and again. */
const known = new WeakMap<readonly TorrentFile[], readonly string[]>()

/**
 * Names for the files of a torrent in its own folder: what the torrent calls them, made harmless on every file
 * system, and no two alike. The same files always get the same names.
 *
 * @param files - worked out once, as long as it is the same list
 * @returns one name per file, in the same order; each is a single path segment of at most 200 bytes that does not
 * begin with a dot
 */
export function safeFileNames(files: readonly TorrentFile[]): readonly string[] {
  return known.get(files) ?? atOnce(naming(files))
}

/** Works the names out before they are needed. */
export async function nameFilesInTurns(files: readonly TorrentFile[]): Promise<void> {
  if (!known.has(files)) await inTurns(naming(files))
}

/** Puts the lowest free number from 2 on behind a name that is taken. */
function* naming(files: readonly TorrentFile[]): Work<readonly string[]> {
  const taken = new Set<string>()
  /** lowest number that may be free, for names that are alike once a number has made them shorter */
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
 * A harmless name for something that the user named, of at most 200 bytes.
 *
 * @param n - from 2 on it is part of the name, for when the one before is taken
 */
export function numberedFileName(name: string, n: number): string {
  return withSuffix(safeFileName(name), n > 1 ? ` (${n})` : '')
}

function safeFileName(name: string): string {
  const harmless = trimDots(
    shortened(name)
      .toWellFormed()
      .replace(CONTROL, '')
      .replace(INVISIBLE, '')
      .normalize('NFC')
      .replace(RESERVED, '_'),
  )
  const fitting = withSuffix(harmless, '')
  return DEVICE_NAME.test(fitting) ? withSuffix(`_${fitting}`, '') : fitting
}

/** Cut in the middle, so that the extension stays. */
function shortened(name: string): string {
  return name.length <= MAX_LETTERS ? name : name.slice(0, MAX_LETTERS - 50) + name.slice(-50)
}

/** Dots and blanks at the ends hide a file, or are dropped by Windows. */
function trimDots(name: string): string {
  return name.replace(/^[.\s]+/, '').replace(/(?<![.\s])[.\s]+$/, '')
}

/** Puts a suffix before the extension and cuts what stands before it to fit. */
function withSuffix(name: string, suffix: string): string {
  const extension = /\.[^.\s]{1,16}$/.exec(name)?.[0] ?? ''
  const stem = name.slice(0, name.length - extension.length)
  return trimDots(cutBytes(stem, MAX_BYTES - bytesOf(suffix + extension)) + suffix + extension)
}

/** As many letters as fit. */
function cutBytes(text: string, maxBytes: number): string {
  const { read } = utf8.encodeInto(text, buffer.subarray(0, maxBytes))
  return text.slice(0, read).trimEnd()
}

function bytesOf(text: string): number {
  return utf8.encode(text).length
}

/** Names that differ only in case are one file on many disks. */
function key(name: string): string {
  return name.toUpperCase().toLowerCase()
}
