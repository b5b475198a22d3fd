import { expect, test } from 'vitest'
import { chooseFile } from '../../src/domain/choose-file.ts'

function file(name: string, length = 1, isPadding = false) {
  return { path: name, name, length, offset: 0, isPadding }
}

test('without an index the largest video is played', () => {
  expect(chooseFile([file('a.mkv', 5), file('b.mp4', 9), file('c.avi', 7)])).toBe(1)
})

test('of videos that are equally large, the first is played', () => {
  expect(chooseFile([file('a.txt'), file('a.mkv', 9), file('b.mkv', 9)])).toBe(1)
})

test('what is no video is never chosen, however large', () => {
  expect(chooseFile([file('disc.iso', 99), file('film.mkv', 5), file('film.srt', 50)])).toBe(1)
})

test('padding and empty files are never chosen', () => {
  expect(chooseFile([file('pad.mkv', 99, true), file('empty.mkv', 0), file('film.mkv', 1)])).toBe(2)
})

test.for([
  ['no file', []],
  ['no video', [file('a.txt', 9), file('b.jpg', 9)]],
  ['only an empty video', [file('a.mkv', 0)]],
  ['only padding', [file('a.mkv', 9, true)]],
  ['only what every object has', [file('a.constructor', 9), file('a.__proto__', 9)]],
] as const)('where there is %s, there is nothing to play', ([, files]) => {
  expect(chooseFile(files)).toBeUndefined()
})

const FILES = [
  file('info.nfo'),
  file('one.mkv', 5),
  file('pad.mkv', 9, true),
  file('empty.mkv', 0),
  file('two.mkv', 9),
]

test.for([
  [1, 'a small video', 1],
  [4, 'a large video', 4],
  [0, 'no video', undefined],
  [2, 'padding', undefined],
  [3, 'an empty file', undefined],
  [5, 'beyond the last', undefined],
  [-1, 'negative', undefined],
  [0.5, 'no whole number', undefined],
] as const)('index %d (%s) leads to %s', ([index, , expected]) => {
  expect(chooseFile(FILES, index)).toBe(expected)
})
