import { expect, test } from 'vitest'
import type { TorrentInfo } from '../../src/domain/metainfo.ts'
import { filesIn, segmentsOf } from '../../src/domain/segments.ts'

const PIECE = 100

/** A torrent of pieces of 100 bytes with files of these lengths. */
function torrent(...lengths: readonly number[]): TorrentInfo {
  const length = lengths.reduce((sum, each) => sum + each, 0)
  const offsets = lengths.map((_, index) => lengths.slice(0, index).reduce((sum, each) => sum + each, 0))
  const files = lengths.map((each, index) => ({
    path: `${index}`,
    name: `${index}`,
    length: each,
    offset: offsets[index] ?? 0,
    isPadding: false,
  }))
  const pieceCount = Math.ceil(length / PIECE)
  const pieceHashes = new Uint8Array(20 * pieceCount)
  return { name: 'films', files, length, pieceLength: PIECE, pieceCount, pieceHashes }
}

test('the files of a piece are those with bytes in it, and no empty one', () => {
  expect([0, 1, 2].map((piece) => filesIn(torrent(120, 0, 81), piece))).toEqual([[0], [0, 2], [2]])
  const crowd = torrent(0, 5, 0, PIECE - 5, 0, 1, 1, 0)
  expect([0, 1].map((piece) => filesIn(crowd, piece))).toEqual([
    [1, 3],
    [5, 6],
  ])
})

test('a piece lies in one run of bytes for each of its files', () => {
  expect([...segmentsOf(torrent(120, 0, 81), 1)]).toEqual([
    { file: 0, position: 100, offset: 0, length: 20 },
    { file: 2, position: 0, offset: 20, length: 80 },
  ])
})

test('a part of a piece is counted from its own first byte', () => {
  expect([...segmentsOf(torrent(120, 81), 1, 10, 30)]).toEqual([
    { file: 0, position: 110, offset: 0, length: 10 },
    { file: 1, position: 0, offset: 10, length: 20 },
  ])
})
