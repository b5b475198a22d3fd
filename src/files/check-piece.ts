import type { Stats } from 'node:fs'
import { open } from 'node:fs/promises'
import { ByteGate } from '../domain/byte-gate.ts'
import { pieceHashAt, pieceLengthAt, type TorrentInfo } from '../domain/metainfo.ts'
import { segmentsOf } from '../domain/segments.ts'
import { handles } from './handle-limit.ts'
import { readAll } from './read-all.ts'

/** Bytes of the pieces that are being checked at a time, as many as the longest piece has (`MAX_PIECE_LENGTH`). */
const CHECKED_BYTES = 64 * 1024 * 1024
const checks = new ByteGate(CHECKED_BYTES)

/**
 * Whether a piece on disk is what the torrent says. Hashing is done off the main thread (WebCrypto).
 * All checks of this process together hold 64 MiB; more of them wait for their turn.
 *
 * @param paths - of the torrent's files, by their index; only those that have bytes in the piece are needed
 * @param opened - told of each file before it is read
 * @throws the system's error, or one that says that a file is too short
 */
export function isPieceRight(
  info: TorrentInfo,
  paths: Readonly<Record<number, string>>,
  piece: number,
  opened?: (fileIdx: number, stats: Stats) => void,
): Promise<boolean> {
  return checks.run(pieceLengthAt(info, piece), () => hasItsHash(info, paths, piece, opened))
}

async function hasItsHash(
  info: TorrentInfo,
  paths: Readonly<Record<number, string>>,
  piece: number,
  opened?: (fileIdx: number, stats: Stats) => void,
): Promise<boolean> {
  const bytes = Buffer.alloc(pieceLengthAt(info, piece))
  for (const { file, position, offset, length } of segmentsOf(info, piece)) {
    if (info.files[file]?.isPadding) continue
    const part = bytes.subarray(offset, offset + length)
    await handles.use(
      () => open(paths[file] ?? '', 'r'),
      async (handle) => {
        opened?.(file, await handle.stat())
        await readAll(handle, part, position)
      },
    )
  }
  const hash = Buffer.from(await crypto.subtle.digest('SHA-1', bytes))
  return hash.equals(pieceHashAt(info, piece))
}
