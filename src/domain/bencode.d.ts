/** The two functions of bencode 4 that we use; byte strings come out as `Uint8Array`. */
declare module 'bencode' {
  const bencode: {
    decode(bytes: Uint8Array): unknown
    encode(value: unknown): Uint8Array
  }
  export default bencode
}
