import bencode, { type Decoder } from 'bencode'

/** More than any message of a well-behaved peer or tracker has. */
const MAX_ITEMS = 250_000
/** A file tree (BEP 52) has three levels for each folder of a path. */
export const MAX_DEPTH = 100
const MINUS = '-'.charCodeAt(0)

hardenDecoder(bencode.decode)

/** @throws Error if it is not bencoded, or is so large or deep that it only costs time */
export function decode(bytes: Uint8Array): unknown {
  return bencode.decode(bytes)
}

export function encode(value: unknown): Uint8Array {
  return bencode.encode(value)
}

/**
 * Makes a decoder throw on input that would keep it busy forever or fill the memory. Unpatched, bencode (2.0.3 and
 * 4.0.1) goes backwards after a string of negative length: five bytes, `l-3:e`, keep it busy until the process dies.
 *
 * The decoder is patched in place, which also protects every other user of it in the process (peer messages, tracker
 * answers, the DHT).
 */
export function hardenDecoder(decoder: Decoder): void {
  const { next, buffer } = decoder
  let depth = 0
  let items = 0

  decoder.next = () => {
    // After an exception the counters are not back at zero, so they are reset at the first byte.
    if (decoder.position === 0) depth = items = 0
    if (++items > MAX_ITEMS) throw new Error(`more than ${MAX_ITEMS} items`)
    if (++depth > MAX_DEPTH) throw new Error(`nested deeper than ${MAX_DEPTH}`)
    const value = next()
    depth--
    return value
  }

  decoder.buffer = () => {
    if (decoder.data?.[decoder.position] === MINUS) throw new Error('a string of negative length')
    const value = buffer()
    if (decoder.position > decoder.bytes) throw new Error('a string is longer than the input')
    return value
  }
}
