import { expect, test } from 'vitest'
import { matchFiles } from '../../../../src/domain/names/match-files.ts'

/** `path length` of each file of the torrent, the same for the files offered, and which belongs to which. */
test.for<
  readonly [behaviour: string, torrent: string[], offered: string[], expected: (string | undefined)[]]
>([
  [
    'by path',
    ['a/x.mkv 5', 'b/x.mkv 5'],
    ['/home/b/x.mkv 5', '/home/a/x.mkv 5'],
    ['/home/a/x.mkv', '/home/b/x.mkv'],
  ],
  [
    'by name, in any folder',
    ['a/x.mkv 5', 'y.mkv 5'],
    ['/y.mkv 5', '/other/x.mkv 5'],
    ['/other/x.mkv', '/y.mkv'],
  ],
  ['by length alone, if only one has it', ['x.mkv 5', 'y.mkv 6'], ['/1 6', '/2 5'], ['/2', '/1']],
  ['not by length, if two files have it', ['x.mkv 5', 'y.mkv 5'], ['/1 5'], [undefined, undefined]],
  ['not by length, if two offered files have it', ['x.mkv 5'], ['/1 5', '/2 5'], [undefined]],
  [
    'by length, once the other files are matched',
    ['x.mkv 5', 'y.mkv 5'],
    ['/x.mkv 5', '/1 5'],
    ['/x.mkv', '/1'],
  ],
  ['not by name, if the length differs', ['x.mkv 5'], ['/x.mkv 6'], [undefined]],
  ['by the closest path first', ['a/x.mkv 5'], ['/x.mkv 5', '/T/a/x.mkv 5', '/a/x.mkv 5'], ['/T/a/x.mkv']],
  [
    'in any Unicode form of accents',
    ['Caf\u00e9.mkv 5', 'b.mkv 5'],
    ['/Cafe\u0301.mkv 5'],
    ['/Cafe\u0301.mkv', undefined],
  ],
  ['with each offered file used once', ['a/x.mkv 5', 'b/x.mkv 5'], ['/c/x.mkv 5'], ['/c/x.mkv', undefined]],
  [
    'never with padding or empty files',
    ['.pad/5 5', 'empty.txt 0'],
    ['/5 5', '/empty.txt 0'],
    [undefined, undefined],
  ],
])('files on disk are matched with those of a torrent %s', ([, torrent, offered, expected]) => {
  const files = torrent.map((text) => {
    const { path, length } = fileOf(text)
    return { path, name: path, length, offset: 0, isPadding: path.startsWith('.pad/') }
  })
  const matched = matchFiles({ name: 'T', files }, offered.map(fileOf))
  expect(matched.map((index) => (index === undefined ? undefined : offered[index]?.split(' ')[0]))).toEqual(
    expected,
  )
})

test('ten thousand files with the same length and name are matched quickly', () => {
  const files = Array.from({ length: 10_000 }, (_, index) => {
    return { path: `${index}/x.mkv`, name: 'x.mkv', length: 5, offset: 0, isPadding: false }
  })
  const offered = files.map(({ path, length }) => ({ path, length }))
  const before = process.threadCpuUsage()
  expect(matchFiles({ name: 'T', files }, offered)).toEqual(files.map((_, index) => index))
  const { user, system } = process.threadCpuUsage(before)
  // 0.2 s; comparing each with each would be 100 million comparisons of paths.
  expect((user + system) / 1_000_000).toBeLessThan(4)
})

function fileOf(text: string) {
  const [path = '', length] = text.split(' ')
  return { path, length: Number(length) }
}
