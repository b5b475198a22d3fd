import { expect, test } from 'vitest'
import {
  isFileOf,
  nextFileOf,
  nextHalfOf,
  nextPlacesOf,
  type Place,
  placeOfFile,
} from '../../../../src/domain/choice/next-episode.ts'
import type { Pack } from '../../../../src/domain/choice/pack.ts'

function packOf(paths: readonly string[], name = 'Show'): Pack {
  const files = paths.map((path) => ({
    path,
    name: path.slice(path.lastIndexOf('/') + 1),
    length: 1000,
    offset: 0,
    isPadding: false,
  }))
  return { name, files }
}

const SEASON = ['Show.S01E01.mkv', 'Show.S01E02.mkv', 'Show.S01E03.mkv', 'Show.S01.nfo']
const TWO_SEASONS = ['S1/Show S01E01.mkv', 'S1/Show S01E02.mkv', 'S2/Show S02E01.mkv', 'S2/Show S02E02.mkv']
const DOUBLE = ['Show.S01E01E02.mkv', 'Show.S01E03.mkv', 'Show.S01E04.mkv']
const ANIME = ['[G] Show - 01 [1080p].mkv', '[G] Show - 02 [1080p].mkv', '[G] Show - 03 [1080p].mkv']

interface Row {
  readonly what: string
  readonly paths: readonly string[]
  readonly watched: string
  /** the episode that the file was chosen for, if known */
  readonly asked?: Place
  readonly next: string | undefined
}

test.for<Row>([
  { what: 'the next episode', paths: SEASON, watched: 'Show.S01E01.mkv', next: 'Show.S01E02.mkv' },
  {
    what: 'the next episode, in any order of files',
    paths: SEASON.toReversed(),
    watched: 'Show.S01E01.mkv',
    next: 'Show.S01E02.mkv',
  },
  { what: 'nothing after the last episode', paths: SEASON, watched: 'Show.S01E03.mkv', next: undefined },
  {
    what: 'after the last episode of a season, the first of the next',
    paths: TWO_SEASONS,
    watched: 'S1/Show S01E02.mkv',
    next: 'S2/Show S02E01.mkv',
  },
  {
    what: 'nothing where an episode is missing in the middle',
    paths: ['Show.S01E01.mkv', 'Show.S01E03.mkv', 'Show.S02E01.mkv'],
    watched: 'Show.S01E01.mkv',
    next: undefined,
  },
  {
    what: 'after a file of two episodes, the third',
    paths: DOUBLE,
    watched: 'Show.S01E01E02.mkv',
    next: 'Show.S01E03.mkv',
  },
  {
    what: 'after a file of two episodes chosen for the first, the third',
    paths: DOUBLE,
    watched: 'Show.S01E01E02.mkv',
    asked: { season: 1, episode: 1 },
    next: 'Show.S01E03.mkv',
  },
  {
    what: 'after a file of two episodes, never that file again',
    paths: ['Show.S01E01.mkv', 'Show.S01E02E03.mkv'],
    watched: 'Show.S01E02E03.mkv',
    asked: { season: 1, episode: 2 },
    next: undefined,
  },
  {
    what: 'the next number of a series without seasons',
    paths: ANIME,
    watched: '[G] Show - 02 [1080p].mkv',
    next: '[G] Show - 03 [1080p].mkv',
  },
  {
    what: 'the next number, when chosen for an episode of a catalogue without seasons',
    paths: ANIME,
    watched: '[G] Show - 02 [1080p].mkv',
    asked: { episode: 2 },
    next: '[G] Show - 03 [1080p].mkv',
  },
  {
    what: 'after a special no normal episode',
    paths: ['Show.S00E01.mkv', 'Show.S01E01.mkv', 'Show.S01E02.mkv'],
    watched: 'Show.S00E01.mkv',
    next: undefined,
  },
  {
    what: 'nothing after a film',
    paths: ['A Film 2019.mkv', 'Sample.mkv'],
    watched: 'A Film 2019.mkv',
    next: undefined,
  },
  {
    what: 'nothing in a torrent of one episode',
    paths: ['Show.S01E01.mkv'],
    watched: 'Show.S01E01.mkv',
    next: undefined,
  },
])('the next file in a pack: $what', ({ paths, watched, asked, next }) => {
  const pack = packOf(paths)
  const fileIdx = paths.indexOf(watched)
  const place = placeOfFile(pack, fileIdx, asked)
  const found = place && nextFileOf(pack, fileIdx, place)
  expect(found === undefined ? undefined : paths[found]).toBe(next)
})

test('the next episode may be in the same season or first of the next', () => {
  expect(nextPlacesOf({ season: 2, episode: 9 })).toEqual([
    { season: 2, episode: 10 },
    { season: 3, episode: 1 },
  ])
  expect(nextPlacesOf({ season: 0, episode: 1 })).toEqual([{ season: 0, episode: 2 }])
  expect(nextPlacesOf({ episode: 12 })).toEqual([{ episode: 13 }])
})

test('a file belongs to an episode if it would be chosen for it', () => {
  const pack = packOf(SEASON)
  expect(isFileOf(pack, 1, { season: 1, episode: 2 })).toBe(true)
  expect(isFileOf(pack, 1, { season: 1, episode: 1 })).toBe(false)
})

test.for([
  ['Copper.Harbor.S01E04a.mkv', 'Copper.Harbor.S01E04b.mkv'],
  ['Copper.Harbor.S01E04b.mkv', 'Copper.Harbor.S01E05.mkv'],
] as const)('in an episode of two halves, %s is followed by %s', ([from, to]) => {
  const names = ['Copper.Harbor.S01E04b.mkv', 'Copper.Harbor.S01E05.mkv', 'Copper.Harbor.S01E04a.mkv']
  const halves = packOf(names)
  expect(nextFileOf(halves, names.indexOf(from), { season: 1, episode: 4 })).toBe(names.indexOf(to))
})

test.for([
  ['larch-cd1.avi', 'larch-cd2.avi'],
  ['Larch (Disc 1).mkv', 'Larch (Disc 2).mkv'],
  ['VIDEO_TS/VTS_02_1.VOB', 'VIDEO_TS/VTS_02_2.VOB'],
  ['larch-cd2.avi', undefined],
  ['Elm-cd1.avi', undefined],
  ['Larch.mkv', undefined],
] as const)('%s is continued by %s', ([from, to]) => {
  const names = [
    'larch-cd2.avi',
    'larch-cd1.avi',
    'Larch (Disc 1).mkv',
    'Larch (Disc 2).mkv',
    'VIDEO_TS/VTS_02_1.VOB',
    'VIDEO_TS/VTS_02_2.VOB',
    'Elm-cd1.avi',
    'Larch.mkv',
  ]
  const half = nextHalfOf(packOf(names), names.indexOf(from))
  expect(half).toBe(to === undefined ? undefined : names.indexOf(to))
})
