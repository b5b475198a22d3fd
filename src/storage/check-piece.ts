import { createHash } from 'node:crypto'
import type { Stats } from 'node:fs'
import { open } from 'node:fs/promises'
import { pieceHashAt, pieceLengthAt, type TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import { segmentsOf } from '../domain/bittorrent/segments.ts'
import { handles } from '../files/handle-limit.ts'
import { readAll } from '../files/read-all.ts'
import { ByteGate } from '../lib/byte-gate.ts'

/** Total size of the pieces that are checked at the same time. */
const CHECKED_BYTES = 64 * 1024 * 1024
/** A longer piece is read and hashed in parts of this size; each takes about a millisecond. */
const PART_BYTES = 1024 * 1024
const checks = new ByteGate(CHECKED_BYTES)

type Paths = Readonly<Record<number, string>>
type OnOpened = (fileIdx: number, stats: Stats) => void

/**
 * Whether a piece on disk has the torrent's hash. Hashing runs off the main thread (WebCrypto), except for pieces over
 * 64 MiB, which are hashed in parts.
 * All checks of this process together hold at most 64 MiB; further checks queue.
 *
 * @param paths - of the torrent's files, by index; only those with bytes in the piece are needed
 * @param opened - called for each file before it is read
 * @throws the system's error, or an error when a file is too short
 */
export function isPieceRight(
  info: TorrentInfo,
  paths: Paths,
  piece: number,
  opened?: OnOpened,
): Promise<boolean> {
  const length = pieceLengthAt(info, piece)
  const hasHash = length <= CHECKED_BYTES ? hasItsHash : hasItsHashInParts
  return checks.run(Math.min(length, CHECKED_BYTES), () => hasHash({ info, paths, piece, opened }))
}

/** A piece whose hash is asked for. */
interface Asked {
  readonly info: TorrentInfo
  readonly paths: Paths
  readonly piece: number
  readonly opened?: OnOpened | undefined
}

async function hasItsHash(asked: Asked): Promise<boolean> {
  const { info, piece } = asked
  const bytes = Buffer.alloc(pieceLengthAt(info, piece))
  await readPart(asked, 0, bytes)
  const hash = Buffer.from(await crypto.subtle.digest('SHA-1', bytes))
  return hash.equals(pieceHashAt(info, piece))
}

async function hasItsHashInParts(asked: Asked): Promise<boolean> {
  const { info, piece } = asked
  const length = pieceLengthAt(info, piece)
  const buffer = Buffer.alloc(PART_BYTES)
  const hash = createHash('sha1')
  for (let at = 0; at < length; at += PART_BYTES) {
    // Padding must read as zeros, not as the previous part.
    const part = buffer.subarray(0, length - at).fill(0)
    await readPart(asked, at, part)
    hash.update(part)
  }
  return hash.digest().equals(pieceHashAt(info, piece))
}

/** @param at - where in the piece */
async function readPart({ info, paths, piece, opened }: Asked, at: number, bytes: Buffer): Promise<void> {
  for (const { file, position, offset, length } of segmentsOf(info, piece, at, bytes.length)) {
    if (info.files[file]?.isPadding) continue
    const part = bytes.subarray(offset, offset + length)
    await handles.use(
      () => open(paths[file] ?? '', 'r'),
      async (handle) => {
        if (opened) opened(file, await handle.stat())
        await readAll(handle, part, position)
      },
    )
  }
}
