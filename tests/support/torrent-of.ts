import { createHash } from 'node:crypto'
import bencode from 'bencode'

/** A torrent of one file with pieces of any length, also those that no tool makes. */
export function torrentOf(name: string, bytes: Uint8Array, pieceLength: number) {
  const hashes: Buffer[] = []
  for (let at = 0; at < bytes.length; at += pieceLength)
    hashes.push(
      createHash('sha1')
        .update(bytes.subarray(at, at + pieceLength))
        .digest(),
    )
  const info = { length: bytes.length, name, 'piece length': pieceLength, pieces: Buffer.concat(hashes) }
  return Buffer.from(bencode.encode({ info }))
}
