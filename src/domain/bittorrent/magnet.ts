import { type FileSelection, parseFileSelection } from './file-selection.ts'
import { type InfoHash, parseInfoHash } from './info-hash.ts'

/** The parts of a magnet link that we act on; all others (`ws`, `xs`, `as`, `x.pe` …) make servers fetch things. */
export interface Magnet {
  readonly infoHash: InfoHash
  readonly name?: string
  readonly trackers: readonly string[]
  /** which of its files are meant */
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
  // Parameters may come in any case, and numbered where there are several: `xt.1=`, `tr.2=`.
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

/** A link as it was before a web page escaped it, once or twice, or a mail broke it into lines. */
function asTyped(text: string): string {
  return text
    .replace(/[\r\n\t]+/g, '')
    .replace(/&(?:amp;|#0{0,5}38;|#x0{0,5}26;)+/gi, '&')
    .trim()
}

/** A magnet link that holds nothing but an info hash and trackers. */
export function writeMagnet(infoHash: InfoHash, trackers: readonly string[] = []): string {
  return [`magnet:?xt=urn:btih:${infoHash}`, ...trackers.map((url) => `tr=${encodeURIComponent(url)}`)].join(
    '&',
  )
}
