import bencode, { type Decoder } from 'bencode'

/** More than any message of an honest peer or tracker has. */
const MAX_ITEMS = 250_000
/** A file tree of version 2 has three levels for each folder of a path. */
export const MAX_DEPTH = 100
const MINUS = '-'.charCodeAt(0)

hardenDecoder(bencode.decode)

/** @throws Error when it is not bencoded, or is so in a way that only serves to keep us busy */
export function decode(bytes: Uint8Array): unknown {
  return bencode.decode(bytes)
}

export function encode(value: unknown): Uint8Array {
  return bencode.encode(value)
}

/**
 * Makes a decoder throw where it would run forever or fill the memory. As it comes, bencode (2.0.3 and 4.0.1) goes
 * back to where it was after a string of negative length, so five bytes, `l-3:e`, keep it busy until the process dies.
 *
 * It is changed in place: whatever else in the process decodes with it (peers' messages, answers of trackers, the DHT)
 * is safe as well.
 */
export function hardenDecoder(decoder: Decoder): void {
  const { next, buffer } = decoder
  let depth = 0
  let items = 0

  decoder.next = () => {
    // A decoder that threw in the midst of something has not counted down: a new run begins at the first byte.
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
    if (decoder.position > decoder.bytes) throw new Error('a string longer than the bytes')
    return value
  }
}
