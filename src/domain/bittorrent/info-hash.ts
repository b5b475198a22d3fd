declare const brand: unique symbol

/** A BitTorrent v1 info hash: 40 lower-case hex digits. */
export type InfoHash = string & { readonly [brand]: 'InfoHash' }

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'
const FORMS = [
  { runs: /[0-9a-f]{40,}/gi, length: 40 },
  { runs: /[a-z2-7]{32,}/gi, length: 32 },
]
/** A run longer than a hash may hold one at each position, and a name may be one long run. */
const MAX_HASHES_IN_NAME = 64

/**
 * Parses an info hash as people and clients write it: 40 hex digits or 32 base32 characters, in any case.
 *
 * @returns the canonical form, or `undefined` if the text is not an info hash
 * @see BEP 9, "magnet URI format"
 */
export function parseInfoHash(text: string): InfoHash | undefined {
  const lower = text.toLowerCase()
  if (/^[0-9a-f]{40}$/.test(lower)) return lower as InfoHash
  if (/^[a-z2-7]{32}$/.test(lower)) return base32ToHex(lower) as InfoHash
  return undefined
}

/**
 * The info hashes that a name contains.
 *
 * @returns each once, those that are not part of a longer run of such characters first; at most 64
 */
export function infoHashesIn(name: string): InfoHash[] {
  const runs = FORMS.flatMap(({ runs, length }) =>
    [...name.matchAll(runs)].map(([run]) => ({ run, length, places: run.length - length + 1 })),
  )
  const found = new Set<InfoHash>()
  let left = MAX_HASHES_IN_NAME
  for (const { run, length, places } of runs.sort((a, b) => a.places - b.places)) {
    for (let at = 0; at < places && left > 0; at++, left--) {
      const infoHash = parseInfoHash(run.slice(at, at + length))
      if (infoHash) found.add(infoHash)
    }
  }
  return [...found]
}

function base32ToHex(text: string): string {
  let bits = 0n
  for (const letter of text) bits = (bits << 5n) | BigInt(BASE32.indexOf(letter))
  return bits.toString(16).padStart(40, '0')
}
