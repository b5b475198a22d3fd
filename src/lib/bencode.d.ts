/** The part of bencode 4 that we use; byte strings are decoded as `Uint8Array`. */
declare module 'bencode' {
  export interface Decoder {
    (bytes: Uint8Array): unknown
    /** The parts of the decoder call each other through these, and share their position. */
    next(): unknown
    buffer(): Uint8Array
    position: number
    bytes: number
    data: Uint8Array | null
  }

  const bencode: {
    readonly decode: Decoder
    encode(value: unknown): Uint8Array
  }
  export default bencode
}
