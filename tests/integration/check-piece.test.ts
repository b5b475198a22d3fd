import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import bencode from 'bencode'
import { expect, test } from 'vitest'
import { parseMetainfo } from '../../src/domain/bittorrent/metainfo.ts'
import { fileIdOf } from '../../src/files/file-id.ts'
import { ClaimedPieces } from '../../src/torrents/content/claimed-pieces.ts'
import { contentDisk } from '../../src/torrents/content/content-disk.ts'
import { PieceMap } from '../../src/torrents/content/piece-map.ts'
import { patternBytes } from '../support/pattern-bytes.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const MIB = 1024 * 1024

/** Bytes read by this process, from the disk or from the page cache. */
function bytesRead(): number {
  return Number(/rchar: (\d+)/.exec(readFileSync('/proc/self/io', 'utf8'))?.[1])
}

function filmOf(bytes: Uint8Array, pieceLength: number) {
  const hashes = Array.from({ length: bytes.length / pieceLength }, (_, piece) =>
    createHash('sha1')
      .update(bytes.subarray(piece * pieceLength, (piece + 1) * pieceLength))
      .digest(),
  )
  const info = { name: 'Film.mkv', length: bytes.length, 'piece length': pieceLength }
  return parseMetainfo(bencode.encode({ info: { ...info, pieces: Buffer.concat(hashes) } }))
}

test('a claimed piece is read once for all viewers that wait for it', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'Film.mkv')
  const bytes = patternBytes(2 * MIB)
  await writeFile(path, bytes)
  const pieces = new PieceMap(2)
  pieces.markClaimed([0, 1])
  const checked: unknown[] = []
  const claimed = new ClaimedPieces({ info: filmOf(bytes, MIB), pieces }, contentDisk(), [path], {
    opened: () => undefined,
    isCurrent: () => true,
    checked: (...of) => checked.push(of),
  })
  const before = bytesRead()
  await Promise.all(Array.from({ length: 100 }, (_, viewer) => claimed.check(viewer % 2)))
  expect(bytesRead() - before).toBeLessThan(4 * MIB)
  expect(checked.sort()).toEqual([
    [0, true],
    [1, true],
  ])
})

test('a piece stays claimed when its file was replaced before the hash was found right', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'Film.mkv')
  const bytes = patternBytes(2 * MIB)
  await writeFile(path, bytes)
  const pieces = new PieceMap(2)
  pieces.markClaimed([0, 1])
  const checked: unknown[] = []
  const opened: string[] = []
  const claimed = new ClaimedPieces({ info: filmOf(bytes, MIB), pieces }, contentDisk(), [path], {
    opened: (_fileIdx, stats) => opened.push(fileIdOf(stats)),
    isCurrent: (_fileIdx, file) => opened.length > 1 && file === opened.at(-1),
    checked: (...of) => checked.push(of),
  })
  await claimed.check(0)
  expect([pieces.stateOf(0), checked]).toEqual(['claimed', []])
  await claimed.check(0)
  expect([pieces.stateOf(0), checked]).toEqual(['verified', [[0, true]]])
})
