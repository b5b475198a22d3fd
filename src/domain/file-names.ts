import type { TorrentFile } from './metainfo.ts'

const MAX_BYTES = 200
/** More than any name keeps; what comes behind is not worth looking at. */
const MAX_LETTERS = 1_000
const CONTROL = /\p{Cc}/gu
/** Marks that reverse or hide parts of a name: `gpj.exe` shown as `exe.jpg`. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}|[\u2028\u2029\u061c]/gu
const RESERVED = /[<>:"/\\|?*]/g
const DEVICE_NAME = /^(con|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³]|conin\$|conout\$)\s*(\.|$)/i

/**
 * Names for the files of a torrent in its own folder: what the torrent calls them, made harmless on every file
 * system, and no two alike. The same files always get the same names.
 *
 * @returns one name per file, in the same order; each is a single path segment of at most 200 bytes that does not
 * begin with a dot
 */
export function safeFileNames(files: readonly TorrentFile[]): string[] {
  const taken = new Set<string>()
  /** the next number to put behind a name that was taken */
  const numbers = new Map<string, number>()
  return files.map((file, index) => {
    const name = safeFileName(file.name) || `file-${index}`
    let unique = name
    let n = numbers.get(key(name)) ?? 2
    while (taken.has(key(unique))) unique = withSuffix(name, ` (${n++})`)
    numbers.set(key(name), n)
    taken.add(key(unique))
    return unique
  })
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

function cutBytes(text: string, maxBytes: number): string {
  let used = 0
  let cut = ''
  for (const letter of text) {
    used += bytesOf(letter)
    if (used > maxBytes) break
    cut += letter
  }
  return cut.trimEnd()
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length
}

/** Names that differ only in case are one file on many disks. */
function key(name: string): string {
  return name.toUpperCase().toLowerCase()
}
