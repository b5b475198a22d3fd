import { expect, test } from 'vitest'
import type { TorrentInfo } from '../../../../src/domain/bittorrent/metainfo.ts'
import { type FilePart, piecesOfPortion, spansOf } from '../../../../src/torrents/fetching/file-part.ts'

/** Two files of 100 bytes, in pieces of 16. */
const INFO: TorrentInfo = {
  name: 'pack',
  pieceLength: 16,
  length: 200,
  pieceCount: 13,
  pieceHashes: new Uint8Array(),
  isPrivate: false,
  files: [0, 100].map((offset) => ({
    path: `${offset}`,
    name: `${offset}`,
    length: 100,
    offset,
    isPadding: false,
  })),
}
const part = (fileIdx: number, start: number, end: number): FilePart => ({ fileIdx, range: { start, end } })

test.for<[what: string, part: FilePart, span: [from: number, to: number] | undefined]>([
  ['the front of the first file', part(0, 0, 15), [0, 0]],
  ['one byte more than that', part(0, 0, 16), [0, 1]],
  ['the front of the second file, which begins in the middle of a piece', part(1, 0, 0), [6, 6]],
  ['the end of the second file', part(1, 90, 99), [11, 12]],
  ['more than the file has', part(1, 90, 1000), [11, 12]],
  ['after the end of the file', part(1, 100, 110), undefined],
  ['nothing', part(0, 5, 4), undefined],
  ['a file that does not exist', part(2, 0, 4), undefined],
])('the pieces of a part are found: %s', ([, asked, span]) => {
  expect(spansOf(INFO, [asked])).toEqual(span ? [{ from: span[0], to: span[1] }] : [])
})

test('a piece that several parts and files need counts once', () => {
  const pieces = piecesOfPortion(INFO, { files: [0], parts: [part(0, 0, 50), part(1, 0, 20)] })
  expect([...pieces]).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
})
