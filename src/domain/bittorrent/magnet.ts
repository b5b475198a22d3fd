import { type FileSelection, parseFileSelection } from './file-selection.ts'
import { type InfoHash, parseInfoHash } from './info-hash.ts'

/** The parts of a magnet link that we use; others (`ws`, `xs`, `as`, `x.pe` …) would make the server fetch URLs. */
export interface Magnet {
  readonly infoHash: InfoHash
  readonly name?: string
  readonly trackers: readonly string[]
  /** the files that the link selects */
  readonly selected?: FileSelection
}

/**
 * Reads a magnet link, or a bare info hash.
 *
 * @returns `undefined` if it names no v1 info hash
 * @see BEP 9, "magnet URI format"; BEP 53
 */
export function parseMagnet(text: string): Magnet | undefined {
  const plain = asTyped(text)
  const bare = parseInfoHash(plain)
  if (bare) return { infoHash: bare, trackers: [] }

  const query = /^magnet:\?(.*)$/is.exec(plain)?.[1]
  if (query === undefined) return undefined
  // Parameter names may be in any case, and numbered if there are several: `xt.1=`, `tr.2=`.
  const params = [...new URLSearchParams(query.replace(/#.*$/s, ''))].map(
    ([name, value]): [string, string] => [name.toLowerCase().replace(/\.\d+$/, ''), value],
  )
  const valuesOf = (wanted: string) =>
    params.filter(([name, value]) => name === wanted && value).map(([, value]) => value)
  const infoHash = valuesOf('xt')
    .map((topic) => /^urn:btih:(.+)$/i.exec(topic)?.[1])
    .map((hash) => (hash === undefined ? undefined : parseInfoHash(hash)))
    .find((hash) => hash !== undefined)
  if (!infoHash) return undefined

  const [name] = valuesOf('dn')
  const selected = parseFileSelection(valuesOf('so').join())
  return {
    infoHash,
    ...(name ? { name } : {}),
    trackers: [...new Set(valuesOf('tr'))],
    ...(selected ? { selected } : {}),
  }
}

/** Undoes what happens to pasted links: escaped once or twice by a web page, broken into lines by a mail. */
function asTyped(text: string): string {
  return text
    .replace(/[\r\n\t]+/g, '')
    .replace(/&(?:amp;|#0{0,5}38;|#x0{0,5}26;)+/gi, '&')
    .trim()
}

/** A magnet link with nothing but an info hash and trackers. */
export function writeMagnet(infoHash: InfoHash, trackers: readonly string[] = []): string {
  return [`magnet:?xt=urn:btih:${infoHash}`, ...trackers.map((url) => `tr=${encodeURIComponent(url)}`)].join(
    '&',
  )
}
