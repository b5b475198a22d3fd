declare const brand: unique symbol

/** A BitTorrent v1 info hash: 40 lower-case hex digits. */
export type InfoHash = string & { readonly [brand]: 'InfoHash' }

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'

/**
 * An info hash as people and clients write it: 40 hex digits or 32 base32 letters, in any case.
 *
 * @returns the canonical form, or `undefined` if the text is none
 * @see BEP 9, "magnet URI format"
 */
export function parseInfoHash(text: string): InfoHash | undefined {
  const lower = text.toLowerCase()
  if (/^[0-9a-f]{40}$/.test(lower)) return lower as InfoHash
  if (/^[a-z2-7]{32}$/.test(lower)) return base32ToHex(lower) as InfoHash
  return undefined
}

function base32ToHex(text: string): string {
  let bits = 0n
  for (const letter of text) bits = (bits << 5n) | BigInt(BASE32.indexOf(letter))
  return bits.toString(16).padStart(40, '0')
}
