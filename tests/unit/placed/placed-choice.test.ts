import { expect, test } from 'vitest'
import type { FileChoice } from '../../../src/domain/choice/file-choice.ts'
import { filesFor } from '../../../src/placed/placed-choice.ts'
import type { IndexedFile } from '../../../src/placed/placed-folder.ts'
import type { Match } from '../../../src/placed/placed-marks.ts'

const HASH = 'e01'.padEnd(40, '0')

function placed(path: string): IndexedFile {
  const name = path.split('/').at(-1) ?? ''
  return { path, name, infoHashes: [], size: 2_000_000, mtimeMs: 0, fingerprint: path }
}

const SEASON = ['Show.S01E01.mkv', 'Show.S01E02.mkv', 'Show.S01E03.mkv'].map((name) =>
  placed(`/downloads/${HASH}/${name}`),
)
const unchecked = () => undefined
const FILM = [placed(`/downloads/Film.${HASH}.mkv`)]

test.for<readonly [FileChoice, readonly number[]]>([
  [{ kind: 'main' }, [0, 1, 2]],
  [{ kind: 'file', fileIdx: 9 }, []],
  [{ kind: 'episode', season: 1, episode: 2 }, [1]],
  [{ kind: 'episode', season: 2, episode: 2 }, []],
  [{ kind: 'only' }, []],
])('of a placed season, %j can be the files %j', ([choice, expected]) => {
  expect(filesFor({ choice }, SEASON, unchecked)).toEqual(expected.map((index) => SEASON[index]))
})

test('the only placed file is the only video', () => {
  expect(filesFor({ choice: { kind: 'only' } }, FILM, unchecked)).toEqual(FILM)
})

test('digits of an info hash are no episode numbers', () => {
  const [first, second] = [placed(`/downloads/${HASH}.mkv`), placed('/downloads/Show.E01.mkv')]
  expect(filesFor({ choice: { kind: 'episode', episode: 1 } }, [first, second], unchecked)).toEqual([second])
})

test.for<readonly [name: string | undefined, placed: readonly string[], expected: readonly number[]]>([
  // A film answers any index.
  [undefined, [`Film ${HASH}.mkv`], [0]],
  ['Any name.mp4', [`Film ${HASH}.mkv`], [0]],
  ['Show.S01E01.mkv', [`${HASH}.mkv`], [0]],
  ['Fast.Seven.mkv', [`Fast 07 (2015) ${HASH}.mkv`], [0]],
  // An episode answers only for itself.
  [undefined, [`Show.S01E02 ${HASH}.mkv`], [0]],
  ['Show.S01E02.720p.mkv', [`Show.S01E02.1080p ${HASH}.mkv`], [0]],
  ['Show.S01E01.1080p.mkv', [`Show.S01E02.1080p ${HASH}.mkv`], []],
  ['Show.S02E02.1080p.mkv', [`Show.S01E02.1080p ${HASH}.mkv`], []],
  ['Show.S01.1080p.mkv', [`Show.S01E02.1080p ${HASH}.mkv`], []],
  ['Show.2x02.mkv', [`${HASH}/Season 2/02.mkv`], [0]],
  ['Show.2x03.mkv', [`${HASH}/Season 2/02.mkv`], []],
  ['[Group] Show - 14.mkv', [`[Group] Show - 14 [${HASH}].mkv`], [0]],
  ['[Group] Show - 15.mkv', [`[Group] Show - 14 [${HASH}].mkv`], []],
  ['Show.S02E14.mkv', [`[Group] Show - 14 [${HASH}].mkv`], []],
  ['Show.2024.05.17.mkv', [`Show 2024-05-17 ${HASH}.mkv`], [0]],
  ['Show.2024.05.18.mkv', [`Show 2024-05-17 ${HASH}.mkv`], []],
  // A name says nothing about several films.
  [undefined, [`Film ${HASH}.mkv`, `Other ${HASH}.mkv`], []],
  ['Any name.mp4', [`Film ${HASH}.mkv`, `Other ${HASH}.mkv`], []],
  [`Other ${HASH}.mkv`, [`Film ${HASH}.mkv`, `Other ${HASH}.mkv`], [1]],
  ['Show.S01E03.mkv', [`${HASH}/Show.S01E02.mkv`, `${HASH}/Show.S01E03-E04.mkv`, `${HASH}/Extra.mkv`], [1]],
  ['Show.S01E05.mkv', [`${HASH}/Show.S01E02.mkv`, `${HASH}/Show.S01E03-E04.mkv`, `${HASH}/Extra.mkv`], []],
])('an index with the name %j, and %j placed: %j may answer', ([name, paths, expected]) => {
  const files = paths.map((path) => placed(`/downloads/${path}`))
  const choice = { kind: 'file', fileIdx: 3 } as const
  expect(filesFor({ choice, name }, files, unchecked)).toEqual(expected.map((index) => files[index]))
})

test.for<readonly [fileIdx: number, matches: readonly (Match | undefined)[], expected: readonly number[]]>([
  [1, [[1]], [0]],
  [0, [[1]], []],
  [9, [[1]], []],
  [4, [[1, 4]], [0]],
  [0, ['mismatched'], []],
  [0, [[1], [0]], [1]],
  [0, [undefined, [0]], [1]],
  // The first has the name in the link.
  [0, [undefined, [1]], [0]],
  [0, ['mismatched', undefined], [1]],
  [0, [[1], undefined], []],
])('for index %i, of files that match %j, %j may answer', ([fileIdx, matches, expected]) => {
  const files = matches.map((_, index) => placed(`/downloads/${HASH}/${'AB'[index]}.mkv`))
  const matchOf = (file: IndexedFile) => matches[files.indexOf(file)]
  const wanted = { choice: { kind: 'file', fileIdx } as const, name: files[0]?.name }
  expect(filesFor(wanted, files, matchOf)).toEqual(expected.map((index) => files[index]))
})
