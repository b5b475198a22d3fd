import { expect, test } from 'vitest'
import type { FileChoice } from '../../../src/domain/choice/file-choice.ts'
import { filesFor } from '../../../src/placed/placed-choice.ts'
import type { IndexedFile } from '../../../src/placed/placed-folder.ts'

const HASH = 'e01'.padEnd(40, '0')

function placed(path: string): IndexedFile {
  const name = path.split('/').at(-1) ?? ''
  return { path, name, infoHashes: [], size: 2_000_000, mtimeMs: 0, fingerprint: path }
}

const SEASON = ['Show.S01E01.mkv', 'Show.S01E02.mkv', 'Show.S01E03.mkv'].map((name) =>
  placed(`/downloads/${HASH}/${name}`),
)
const FILM = [placed(`/downloads/Film.${HASH}.mkv`)]

test.for<readonly [FileChoice, readonly number[]]>([
  [{ kind: 'main' }, [0, 1, 2]],
  [{ kind: 'file', fileIdx: 9 }, [0, 1, 2]],
  [{ kind: 'episode', season: 1, episode: 2 }, [1]],
  [{ kind: 'episode', season: 2, episode: 2 }, []],
  [{ kind: 'only' }, []],
])('of a placed season, %j can be the files %j', ([choice, expected]) => {
  expect(filesFor(choice, SEASON)).toEqual(expected.map((index) => SEASON[index]))
})

test('the only placed file is the only video', () => {
  expect(filesFor({ kind: 'only' }, FILM)).toEqual(FILM)
})

test('digits of an info hash are no episode numbers', () => {
  const [first, second] = [placed(`/downloads/${HASH}.mkv`), placed('/downloads/Show.E01.mkv')]
  expect(filesFor({ kind: 'episode', episode: 1 }, [first, second])).toEqual([second])
})
