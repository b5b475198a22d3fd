import { expect, test } from 'vitest'
import type { TorrentFile } from '../../src/domain/metainfo.ts'
import { parseWish } from '../../src/domain/usage.ts'
import { wantedFiles } from '../../src/domain/wanted-files.ts'

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
] as const)('of five files, %j means %j', ([wish, files]) => {
  expect(wantedFiles({ name: '', files: FILES }, wish)).toEqual(files)
})

test.for([
  ['main', FILES.slice(2), /no video/],
  [[0, 5], FILES, /there is no 5/],
] as const)('%j cannot come true where there is no such file', ([wish, files, words]) => {
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
] as const)('%j is a wish', ([text, wish]) => {
  expect(parseWish(text)).toEqual(wish)
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
])('%j is none', ([text]) => {
  expect(parseWish(text)).toBeUndefined()
})
