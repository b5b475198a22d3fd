import type { TorrentFile } from './metainfo.ts'

const MAX_BYTES = 200
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must go
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g
/** Marks that reverse or hide parts of a name: `gpj.exe` shown as `exe.jpg`. */
const INVISIBLE = /[\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g
const RESERVED = /[<>:"/\\|?*]/g
const DEVICE_NAME = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i

/**
 * Names for the files of a torrent in its own folder: what the torrent calls them, made harmless on every file
 * system, and no two alike. The same files always get the same names.
 *
 * @returns one name per file, in the same order; each is a single path segment of at most 200 bytes that does not
 * begin with a dot
 */
export function safeFileNames(files: readonly TorrentFile[]): string[] {
  const taken = new Set<string>()
  return files.map((file, index) => {
    const name = safeFileName(file.name) || `file-${index}`
    let unique = name
    for (let n = 2; taken.has(key(unique)); n++) unique = withSuffix(name, ` (${n})`)
    taken.add(key(unique))
    return unique
  })
}

function safeFileName(name: string): string {
  const harmless = name
    .normalize('NFC')
    .replace(CONTROL, '')
    .replace(INVISIBLE, '')
    .replace(RESERVED, '_')
    .replace(/^[.\s]+|[.\s]+$/g, '')
  return withSuffix(DEVICE_NAME.test(harmless) ? `_${harmless}` : harmless, '')
}

/** Puts a suffix before the extension and cuts what stands before it to fit. */
function withSuffix(name: string, suffix: string): string {
  const extension = /\.[^.\s]{1,16}$/.exec(name)?.[0] ?? ''
  const stem = name.slice(0, name.length - extension.length)
  return cutBytes(stem, MAX_BYTES - bytesOf(suffix + extension)).trimEnd() + suffix + extension
}

function cutBytes(text: string, maxBytes: number): string {
  let used = 0
  let cut = ''
  for (const letter of text) {
    used += bytesOf(letter)
    if (used > maxBytes) break
    cut += letter
  }
  return cut
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length
}

/** Names that differ only in case are one file on many disks. */
function key(name: string): string {
  return name.toLowerCase()
}
