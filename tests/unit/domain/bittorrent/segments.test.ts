import { expect, test } from 'vitest'
import type { TorrentInfo } from '../../../../src/domain/bittorrent/metainfo.ts'
import { filesIn, piecesOnlyOf, segmentsOf } from '../../../../src/domain/bittorrent/segments.ts'

const PIECE = 100

/** A torrent with pieces of 100 bytes and files of these lengths. */
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
  return { name: 'films', files, length, pieceLength: PIECE, pieceCount, pieceHashes, isPrivate: false }
}

test('the files of a piece are those with bytes in it, never an empty one', () => {
  expect([0, 1, 2].map((piece) => filesIn(torrent(120, 0, 81), piece))).toEqual([[0], [0, 2], [2]])
  const crowd = torrent(0, 5, 0, PIECE - 5, 0, 1, 1, 0)
  expect([0, 1].map((piece) => filesIn(crowd, piece))).toEqual([
    [1, 3],
    [5, 6],
  ])
})

test('a piece has one segment for each of its files', () => {
  expect([...segmentsOf(torrent(120, 0, 81), 1)]).toEqual([
    { file: 0, position: 100, offset: 0, length: 20 },
    { file: 2, position: 0, offset: 20, length: 80 },
  ])
})

test('offsets in a part of a piece count from the start of that part', () => {
  expect([...segmentsOf(torrent(120, 81), 1, 10, 30)]).toEqual([
    { file: 0, position: 110, offset: 0, length: 10 },
    { file: 1, position: 0, offset: 10, length: 20 },
  ])
})

test('the pieces of one file alone are those that it shares with no other file', () => {
  const info = torrent(250, 0, 30, 220, 50)
  expect(info.files.map((_, file) => piecesOnlyOf(info, file))).toEqual([[0, 1], [], [], [3, 4], [5]])
})

test('the short last piece belongs to the last file alone', () => {
  expect(piecesOnlyOf(torrent(100, 150), 1)).toEqual([1, 2])
})

test('padding does not count as another file of a piece', () => {
  const info = torrent(250, 50, 130)
  const files = info.files.map((file, index) => ({ ...file, isPadding: index === 1 }))
  expect(piecesOnlyOf({ ...info, files }, 0)).toEqual([0, 1, 2])
})
