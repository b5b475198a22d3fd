import { describe, expect, test } from 'vitest'
import type { TorrentFile } from '../../../../src/domain/bittorrent/metainfo.ts'
import { chooseFile } from '../../../../src/domain/choice/choose-file.ts'
import type { FileChoice } from '../../../../src/domain/choice/file-choice.ts'
import packs from '../../../fixtures/packs.json' with { type: 'json' }
import { seededRandom } from '../../../support/random.ts'

/** A torrent, the video that is wanted, and the path of the file to choose; `null` where none may be chosen. */
interface Row {
  readonly case: string
  readonly name: string
  /** size by path; the unit does not matter */
  readonly files: Readonly<Record<string, number>>
  readonly wish: {
    /** title of the film; empty where it is not known */
    readonly film?: string
    readonly season?: number
    readonly episode?: number
    readonly absolute?: number
    readonly title?: string
    readonly year?: number
  }
  readonly is: string | null
}

const rows: readonly Row[] = packs

function file(path: string, length = 1, isPadding = false): TorrentFile {
  return { path, name: path.slice(path.lastIndexOf('/') + 1), length, offset: 0, isPadding }
}

function packOf({ name, files }: Row) {
  return { name, files: Object.entries(files).map(([path, length]) => file(path, length)) }
}

function choiceOf({ wish: { film, episode = 0, title, ...wish } }: Row): FileChoice {
  if (film === undefined) return { kind: 'episode', episode, ...wish, ...(title ? { title } : {}) }
  return { kind: 'movie', ...(film ? { title: film } : {}), ...(wish.year ? { year: wish.year } : {}) }
}

describe('the file chosen from a torrent', () => {
  test.for(rows)('$case: $is', (row) => {
    const pack = packOf(row)
    const choice = chooseFile(pack, choiceOf(row))
    const expected = row.is === null ? undefined : Object.keys(row.files).indexOf(row.is)
    expect(choice.kind === 'chosen' ? choice.index : undefined, JSON.stringify(choice, null, 2)).toBe(
      expected,
    )
    expect(expected).not.toBe(-1)
  })
})

test('the choice does not depend on the order of the files', () => {
  const random = seededRandom(7)
  for (const row of rows) {
    const { name, files } = packOf(row)
    for (let round = 0; round < 5; round++) {
      const shuffled = files.map((each) => ({ each, at: random.int(2 ** 30) })).sort((a, b) => a.at - b.at)
      const pack = { name, files: shuffled.map(({ each }) => each) }
      const choice = chooseFile(pack, choiceOf(row))
      expect(choice.kind === 'chosen' ? pack.files[choice.index]?.path : null, row.case).toBe(row.is)
    }
  }
})

test('the choice explains every video, the best first, with indexes that count all files', () => {
  const files = [
    file('info.nfo'),
    file('Show.S01E01.mkv', 5),
    file('Show.S01E02-E03.mkv', 9),
    file('Sample/s.mkv'),
  ]
  const choice = chooseFile({ name: 'Show.S01', files }, { kind: 'episode', season: 1, episode: 3 })
  expect(choice).toMatchObject({ kind: 'chosen', index: 2, score: 95 })
  expect(choice.considered).toEqual([
    {
      index: 2,
      path: 'Show.S01E02-E03.mkv',
      score: 95,
      reasons: ['S01E02-E03, as its name says', 'one file for 2 episodes'],
    },
    { index: 1, path: 'Show.S01E01.mkv', score: 0, reasons: ['S01E01'] },
    { index: 3, path: 'Sample/s.mkv', score: 0, reasons: ['a sample'] },
  ])
})

test.for([
  [{ kind: 'episode', season: 2, episode: 5 }, 'none of 2 videos is S02E05'],
  [{ kind: 'episode', episode: 5 }, 'none of 2 videos is episode 5'],
  [{ kind: 'movie', title: 'Other', year: 2001 }, 'none of 2 videos is the film Other, 2001'],
  [{ kind: 'file', fileIdx: 0 }, 'file 0 is not a video'],
  [{ kind: 'file', fileIdx: 9 }, 'there is no file 9'],
] as const)('a refused choice has a reason: %s', ([wish, reason]) => {
  const files = [file('a.nfo'), file('Show.S01E01.mkv'), file('Show.S01E02.mkv')]
  expect(chooseFile({ name: 'Show', files }, wish)).toMatchObject({ kind: 'refused', reason })
})

function largest(files: readonly TorrentFile[]): number | undefined {
  const choice = chooseFile({ name: 'Torrent', files }, { kind: 'main' })
  return choice.kind === 'chosen' ? choice.index : undefined
}

test('without a wanted video the largest video is chosen', () => {
  expect(largest([file('a.mkv', 5), file('b.mp4', 9), file('c.avi', 7)])).toBe(1)
})

test('of videos with the same size, the first by name is chosen', () => {
  expect(largest([file('a.txt'), file('b.mkv', 9), file('a.mkv', 9)])).toBe(2)
})

test('a file that is not a video is never chosen, however large', () => {
  expect(largest([file('disc.iso', 99), file('film.mkv', 5), file('film.srt', 50)])).toBe(1)
})

test('padding and empty files are never chosen', () => {
  expect(largest([file('pad.mkv', 99, true), file('empty.mkv', 0), file('film.mkv', 1)])).toBe(2)
})

test('a sample or an extra is chosen only when there is nothing else', () => {
  expect(largest([file('film.mkv', 5), file('Extras/making of.mkv', 9), file('film-sample.mkv', 9)])).toBe(0)
  expect(largest([file('Extras/making of.mkv', 5), file('film-sample.mkv', 9)])).toBe(0)
  expect(largest([file('film-sample.mkv', 9), file('film.nfo')])).toBe(0)
})

/** The file for an address whose file or episode was cut off. */
function only(files: readonly TorrentFile[]): string | undefined {
  const choice = chooseFile({ name: 'Torrent', files }, { kind: 'only' })
  return choice.kind === 'chosen' ? choice.path : choice.reason
}

test.for<readonly [string, readonly TorrentFile[], string]>([
  ['one video', [file('Film.mkv', 5), file('Film.srt', 9)], 'Film.mkv'],
  [
    'a film with samples and extras',
    [file('Extras/a.mkv', 9), file('film.mkv', 5), file('film-sample.mkv', 8)],
    'film.mkv',
  ],
  ['a film and a much smaller video', [file('Bonus.mkv', 4), file('Film.mkv', 10)], 'Film.mkv'],
  ['a film in two halves', [file('Film cd2.avi', 9), file('Film cd1.avi', 8)], 'Film cd1.avi'],
  [
    'an episode in two halves',
    [file('Show.S01E04b.mkv', 9), file('Show.S01E04a.mkv', 8)],
    'Show.S01E04a.mkv',
  ],
])('an address cut short still plays the only video of a torrent with %s', ([, files, path]) => {
  expect(only(files)).toBe(path)
})

test.for<readonly [string, readonly TorrentFile[]]>([
  ['several episodes', [file('Show.S01E01.mkv', 9), file('Show.S01E02.mkv', 1)]],
  ['episodes counted from the first', [file('[Group] Show - 11.mkv', 9), file('[Group] Show - 12.mkv', 1)]],
  ['a daily show', [file('Show.2024.05.17.mkv', 9), file('Show.2024.05.18.mkv', 2)]],
  ['seasons in folders', [file('Season 1/01.mkv', 9), file('Season 2/01.mkv', 1)]],
  ['videos with names that say nothing', [file('Pilot.mkv', 9), file('The Harbour.mkv', 8)]],
  ['two films', [file('Film 1 (2001).mkv', 9), file('Film 2 (2003).mkv', 7)]],
])('an address cut short plays nothing from a torrent with %s', ([, files]) => {
  expect(only(files)).toMatch(/^the address does not say which of 2 videos is meant/)
})

test.for([
  ['no file', []],
  ['no video', [file('a.txt', 9), file('b.jpg', 9)]],
  ['only an empty video', [file('a.mkv', 0)]],
  ['only padding', [file('a.mkv', 9, true)]],
  ['only names that every JavaScript object has', [file('a.constructor', 9), file('a.__proto__', 9)]],
] as const)('a torrent with %s has nothing to play', ([, files]) => {
  expect(largest(files)).toBeUndefined()
})

const FILES = [
  file('info.nfo'),
  file('one.mkv', 5),
  file('pad.mkv', 9, true),
  file('empty.mkv', 0),
  file('two.mkv', 9),
  file('Sample/sample.mkv', 1),
]

test.for([
  [1, 'a small video', 1],
  [4, 'a large video', 4],
  [5, 'a sample, if it is asked for', 5],
  [0, 'no video', undefined],
  [2, 'padding', undefined],
  [3, 'an empty file', undefined],
  [6, 'beyond the last', undefined],
  [-1, 'negative', undefined],
  [0.5, 'not an integer', undefined],
] as const)('file index %d (%s) chooses %s', ([fileIdx, , expected]) => {
  const choice = chooseFile({ name: 'Torrent', files: FILES }, { kind: 'file', fileIdx })
  expect(choice.kind === 'chosen' ? choice.index : undefined).toBe(expected)
})
