import { expect, test } from 'vitest'
import type { FileSelection } from '../../../../src/domain/bittorrent/file-selection.ts'
import type { TorrentFile } from '../../../../src/domain/bittorrent/metainfo.ts'
import { wantedFiles } from '../../../../src/domain/choice/wanted-files.ts'
import {
  type LinkSelection,
  parseSelection,
  type Selection,
  withSelected,
} from '../../../../src/domain/usage.ts'

const FILES = [
  file('a.mkv', 10),
  file('b.mkv', 30),
  file('notes.txt', 50),
  file('.pad/5', 5, true),
  file('empty.mkv', 0),
]

function file(name: string, length: number, isPadding = false): TorrentFile {
  return { path: name, name, length, offset: 0, isPadding }
}

test.for([
  ['main', [1]],
  ['all', [0, 1, 2]],
  [
    [0, 2],
    [0, 2],
  ],
  [
    [2, 2, 0],
    [2, 0],
  ],
  [[3, 4, 0], [0]],
] as const)('of five files, %j selects %j', ([wish, files]) => {
  expect(wantedFiles({ name: '', files: FILES }, wish)).toEqual(files)
})

/** as tools write them whose files begin at the begin of a piece */
const PADDED = [
  file('one.mkv', 10),
  file('.pad/6', 6, true),
  file('two.mkv', 10),
  file('.pad/6', 6, true),
  file('empty.txt', 0),
  file('three.mkv', 10),
]

test.for<readonly [FileSelection, LinkSelection['beside'], readonly number[]]>([
  [[[0, 0]], undefined, [0]],
  [[[1, 1]], undefined, [2]],
  [[[3, 3]], undefined, [5]],
  [[[1, 3]], undefined, [2, 5]],
  [[[2, 2]], undefined, []],
  [[[0, 999_999_999]], undefined, [0, 2, 5]],
  [
    [
      [3, 3],
      [0, 0],
      [0, 1],
    ],
    undefined,
    [0, 2, 5],
  ],
  [
    [
      [1, 1],
      [9, 9],
    ],
    undefined,
    [2],
  ],
  [[[3, 3]], [0], [0, 5]],
  [[[1, 1]], 'main', [0, 2]],
])('in a torrent with padding, link selection %j plus %j selects %j', ([select, beside, files]) => {
  expect(wantedFiles({ name: '', files: PADDED }, { select, beside })).toEqual(files)
})

test('a link that selects files that do not exist is refused', () => {
  expect(() => wantedFiles({ name: '', files: PADDED }, { select: [[4, 9]] })).toThrow(
    'selects no file of the torrent; its files are 0 to 3',
  )
})

test.for<readonly [Selection | undefined, Selection]>([
  [undefined, { select: [[2, 4]] }],
  ['all', 'all'],
  ['main', { select: [[2, 4]], beside: 'main' }],
  [[0, 7], { select: [[2, 4]], beside: [0, 7] }],
  [
    { select: [[1, 1]], beside: 'main' },
    {
      select: [
        [1, 1],
        [2, 4],
      ],
      beside: 'main',
    },
  ],
  [
    {
      select: [
        [2, 4],
        [9, 9],
      ],
    },
    {
      select: [
        [2, 4],
        [9, 9],
      ],
    },
  ],
])('files selected by a link are added to %j', ([before, wish]) => {
  expect(withSelected(before, [[2, 4]])).toEqual(wish)
})

test('adding links again and again does not make the selection grow without limit', () => {
  const many = (from: number) =>
    Array.from({ length: 1_000 }, (_, index) => [from + index, from + index] as const)
  let wish: Selection | undefined
  for (let link = 0; link < 20; link++) wish = withSelected(wish, many(link * 1_000))
  expect((wish as LinkSelection).select.length).toBe(10_000)
  expect(
    wantedFiles(
      { name: '', files: Array.from({ length: 20_000 }, (_, index) => file(`${index}.mkv`, 1)) },
      wish as Selection,
    ),
  ).toHaveLength(10_000)
})

test.for([
  ['main', FILES.slice(2), /no video/],
  [[0, 5], FILES, /has no file 5/],
] as const)('%j is refused when there is no such file', ([wish, files, words]) => {
  expect(() => wantedFiles({ name: '', files }, wish)).toThrow(words)
})

test.for([
  ['main', 'main'],
  ['all', 'all'],
  ['3', [3]],
  ['0,12,5', [0, 12, 5]],
  [
    [0, 12],
    [0, 12],
  ],
] as const)('%j is a valid selection of files', ([text, wish]) => {
  expect(parseSelection(text)).toEqual(wish)
})

test.for([
  [''],
  ['most'],
  ['Main'],
  ['1,'],
  [',1'],
  ['1, 2'],
  ['-1'],
  ['1.5'],
  ['1e3'],
  ['9'.repeat(30)],
  [[]],
  [[-1]],
  [[0.5]],
  [['1']],
  [1],
  [null],
  [undefined],
  [{}],
])('%j is not a selection of files', ([text]) => {
  expect(parseSelection(text)).toBeUndefined()
})
