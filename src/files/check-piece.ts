import { open } from 'node:fs/promises'
import { pieceHashAt, pieceLengthAt, type TorrentInfo } from '../domain/metainfo.ts'
import { segmentsOf } from '../domain/segments.ts'
import { readAll } from './read-all.ts'

/**
 * Whether a piece on disk is what the torrent says. Hashing is done off the main thread (WebCrypto).
 *
 * @param paths - of the torrent's files, by their index; only those that have bytes in the piece are needed
 * @throws the system's error, or one that says that a file is too short
 */
export async function isPieceRight(
  info: TorrentInfo,
  paths: Readonly<Record<number, string>>,
  piece: number,
): Promise<boolean> {
  const bytes = Buffer.alloc(pieceLengthAt(info, piece))
  for (const { file, position, offset, length } of segmentsOf(info, piece)) {
    if (info.files[file]?.isPadding) continue
    await using handle = await open(paths[file] ?? '', 'r')
    await readAll(handle, bytes.subarray(offset, offset + length), position)
  }
  const hash = Buffer.from(await crypto.subtle.digest('SHA-1', bytes))
  return hash.equals(pieceHashAt(info, piece))
}
