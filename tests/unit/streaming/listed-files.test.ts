import { expect, test } from 'vitest'
import type { InfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import type { Candidate } from '../../../src/domain/list/candidate.ts'
import { ListedFiles } from '../../../src/streaming/listed-files.ts'

const HASH = 'ab'.repeat(20) as InfoHash
const FILM: Candidate = {
  kind: 'torrent',
  file: { kind: 'main' },
  infoHash: HASH,
  title: 'Copper Harbor',
  trackers: [],
  fileName: 'Copper.Harbor.2023.mkv',
  size: { bytes: 7_000, of: 'file', exact: true },
}
const SAID = { name: 'Copper.Harbor.2023.mkv', size: 7_000 }

test.for([
  ['a film', {}, { kind: 'main' }, SAID],
  ['a file', { file: { kind: 'file', fileIdx: 0 } }, { kind: 'file', fileIdx: 0 }, { ...SAID, fileIdx: 0 }],
  [
    'an episode',
    { file: { kind: 'episode', season: 2, episode: 3 } },
    { kind: 'episode', season: 2, episode: 3 },
    SAID,
  ],
  [
    'an episode without season',
    { file: { kind: 'episode', episode: 12 } },
    { kind: 'episode', episode: 12 },
    SAID,
  ],
  [
    'an episode whose file is known',
    { file: { kind: 'file', fileIdx: 4 } },
    { kind: 'file', fileIdx: 4 },
    { ...SAID, fileIdx: 4 },
  ],
] as const)('the facts listed for %s are found by what its link asks for', ([, more, choice, said]) => {
  const listed = new ListedFiles()
  listed.note([{ ...FILM, ...more }])
  expect(listed.find(HASH, choice)).toEqual(said)
  expect(listed.find('cd'.repeat(20) as InfoHash, choice)).toBeUndefined()
  expect(listed.find(HASH, { kind: 'episode', season: 9, episode: 9 })).toBeUndefined()
  expect(listed.find(HASH, { kind: 'file', fileIdx: 9 })).toBeUndefined()
})

test.for<readonly [string, Partial<Candidate>]>([
  ['no name', { fileName: undefined as never }],
  ['no size', { size: undefined as never }],
  ['no bytes', { size: { bytes: 0, of: 'file', exact: true } }],
  ['a name that no video has', { fileName: 'Copper.Harbor.2023.rar' }],
  ['a file of our own disk', { isLocal: true }],
])('nothing is stored for a file with %s', ([, more]) => {
  const listed = new ListedFiles()
  listed.note([{ ...FILM, ...more }])
  expect(listed.find(HASH, { kind: 'main' })).toBeUndefined()
})

test('stored facts are bounded by number of files and by letters', () => {
  const listed = new ListedFiles()
  const count = () =>
    Array.from({ length: 9_000 }, (_, index) => listed.find(HASH, { kind: 'file', fileIdx: index })).filter(
      Boolean,
    ).length
  listed.note(
    Array.from({ length: 9_000 }, (_, fileIdx) => ({ ...FILM, file: { kind: 'file' as const, fileIdx } })),
  )
  expect(count()).toBe(5_000)
  listed.note(
    Array.from({ length: 100 }, (_, fileIdx) => ({
      ...FILM,
      file: { kind: 'file' as const, fileIdx },
      fileName: `${'x'.repeat(50_000)}.mkv`,
    })),
  )
  expect(count()).toBeLessThan(25)
})
