import { MAX_PIECE_LENGTH, MAX_PIECES } from '../../domain/bittorrent/metainfo.ts'

/** The longest block that clients request, in bytes. */
const MAX_BLOCK = 128 * 1024
const PIECE_HEADER = 9
/** The longest message: a block. */
export const MAX_MESSAGE_BYTES = PIECE_HEADER + MAX_BLOCK

/** Minimum and maximum length of a message, in bytes with its id, by id (BEP 3, 5, 6, 10). */
const LENGTHS: Readonly<Record<number, readonly [shortest: number, longest: number]>> = {
  0: [1, 1], // choke
  1: [1, 1], // unchoke
  2: [1, 1], // interested
  3: [1, 1], // not interested
  4: [5, 5], // have
  5: [2, 1 + MAX_PIECES / 8], // bitfield
  6: [13, 13], // request
  7: [PIECE_HEADER + 1, MAX_MESSAGE_BYTES], // piece
  8: [13, 13], // cancel
  9: [3, 3], // port
  13: [5, 5], // suggest
  14: [1, 1], // have all
  15: [1, 1], // have none
  16: [13, 13], // reject
  17: [5, 5], // allowed fast
  20: [2, 64 * 1024], // extended
}

/** Messages that begin with the number of a piece. */
const ABOUT_A_PIECE: ReadonlySet<number> = new Set([4, 6, 7, 8, 13, 16, 17])
/** Messages that have an offset after it. */
const ABOUT_AN_OFFSET: ReadonlySet<number> = new Set([6, 7, 8, 16])
/** Messages that end with a length. */
const ABOUT_A_LENGTH: ReadonlySet<number> = new Set([6, 8, 16])

/**
 * Why a message is invalid for any torrent. Numbers are checked because bittorrent-protocol 5.0.9 reads them as signed,
 * and because webtorrent keeps what it is told of pieces that cannot exist.
 *
 * @param message - with its id, without the length prefix
 * @returns `undefined` for a valid message, and for an unknown id, which is skipped
 */
export function complaintAbout(message: Uint8Array): string | undefined {
  const id = message[0] ?? 0
  const [shortest, longest] = LENGTHS[id] ?? [1, MAX_MESSAGE_BYTES]
  if (message.length < shortest || message.length > longest)
    return `message ${id} has ${message.length} bytes`
  if (!ABOUT_A_PIECE.has(id)) return undefined

  const numbers = new DataView(message.buffer, message.byteOffset, message.length)
  const piece = numbers.getUint32(1)
  if (piece >= MAX_PIECES) return `message ${id} about piece ${piece}`
  if (!ABOUT_AN_OFFSET.has(id)) return undefined
  const offset = numbers.getUint32(5)
  if (offset >= MAX_PIECE_LENGTH) return `message ${id} about byte ${offset} of a piece`
  if (!ABOUT_A_LENGTH.has(id)) return undefined
  const length = numbers.getUint32(9)
  return length === 0 || length > MAX_BLOCK ? `message ${id} about ${length} bytes` : undefined
}
