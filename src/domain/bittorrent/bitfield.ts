/**
 * A bit for each piece, first piece in the highest bit of the first byte, spare bits zero.
 *
 * @see BEP 3, "bitfield"
 */
export function writeBitfield(pieceCount: number, has: (piece: number) => boolean): Uint8Array {
  const bits = new Uint8Array(Math.ceil(pieceCount / 8))
  for (let piece = 0; piece < pieceCount; piece++) {
    if (has(piece)) bits[piece >> 3] = (bits[piece >> 3] ?? 0) | (0x80 >> (piece & 7))
  }
  return bits
}

/** Whether a bit is set; bits past the end are not. */
export function hasPiece(bits: Uint8Array, piece: number): boolean {
  return ((bits[piece >> 3] ?? 0) & (0x80 >> (piece & 7))) !== 0
}

/** Indexes of the bits that are set; bits past the last piece are ignored. */
export function* piecesIn(bits: Uint8Array, pieceCount: number): Generator<number> {
  for (let piece = 0; piece < Math.min(pieceCount, bits.length * 8); piece++) {
    if (hasPiece(bits, piece)) yield piece
  }
}
