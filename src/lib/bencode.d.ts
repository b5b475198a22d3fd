/** What we use of bencode 4; byte strings come out as `Uint8Array`. */
declare module 'bencode' {
  export interface Decoder {
    (bytes: Uint8Array): unknown
    /** The parts of the decoder call each other through these, and keep their place in them. */
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
