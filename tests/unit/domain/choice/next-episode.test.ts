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
  /** the episode it was chosen for, where that is known */
  readonly asked?: Place
  readonly next: string | undefined
}

test.for<Row>([
  { what: 'the next one', paths: SEASON, watched: 'Show.S01E01.mkv', next: 'Show.S01E02.mkv' },
  {
    what: 'in any order of files',
    paths: SEASON.toReversed(),
    watched: 'Show.S01E01.mkv',
    next: 'Show.S01E02.mkv',
  },
  { what: 'nothing behind the last', paths: SEASON, watched: 'Show.S01E03.mkv', next: undefined },
  {
    what: 'behind the last of a season, the first of the next',
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
    what: 'behind a file of two episodes, the third',
    paths: DOUBLE,
    watched: 'Show.S01E01E02.mkv',
    next: 'Show.S01E03.mkv',
  },
  {
    what: 'the same where it was chosen for the first of them',
    paths: DOUBLE,
    watched: 'Show.S01E01E02.mkv',
    asked: { season: 1, episode: 1 },
    next: 'Show.S01E03.mkv',
  },
  {
    what: 'behind one of a file of two, not that file again',
    paths: ['Show.S01E01.mkv', 'Show.S01E02E03.mkv'],
    watched: 'Show.S01E02E03.mkv',
    asked: { season: 1, episode: 2 },
    next: undefined,
  },
  {
    what: 'of a series without seasons',
    paths: ANIME,
    watched: '[G] Show - 02 [1080p].mkv',
    next: '[G] Show - 03 [1080p].mkv',
  },
  {
    what: 'the same, asked for as an episode of a catalogue without seasons',
    paths: ANIME,
    watched: '[G] Show - 02 [1080p].mkv',
    asked: { episode: 2 },
    next: '[G] Show - 03 [1080p].mkv',
  },
  {
    what: 'behind a special a special, and no episode',
    paths: ['Show.S00E01.mkv', 'Show.S01E01.mkv', 'Show.S01E02.mkv'],
    watched: 'Show.S00E01.mkv',
    next: undefined,
  },
  {
    what: 'nothing behind a film',
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
])('what follows in a pack: $what', ({ paths, watched, asked, next }) => {
  const pack = packOf(paths)
  const fileIdx = paths.indexOf(watched)
  const place = placeOfFile(pack, fileIdx, asked)
  const found = place && nextFileOf(pack, fileIdx, place)
  expect(found === undefined ? undefined : paths[found]).toBe(next)
})

test('where the next episode may be, when its list has to be asked for', () => {
  expect(nextPlacesOf({ season: 2, episode: 9 })).toEqual([
    { season: 2, episode: 10 },
    { season: 3, episode: 1 },
  ])
  expect(nextPlacesOf({ season: 0, episode: 1 })).toEqual([{ season: 0, episode: 2 }])
  expect(nextPlacesOf({ episode: 12 })).toEqual([{ episode: 13 }])
})

test('a file is that of an episode when it would be chosen for it', () => {
  const pack = packOf(SEASON)
  expect(isFileOf(pack, 1, { season: 1, episode: 2 })).toBe(true)
  expect(isFileOf(pack, 1, { season: 1, episode: 1 })).toBe(false)
})

test.for([
  ['Copper.Harbor.S01E04a.mkv', 'Copper.Harbor.S01E04b.mkv'],
  ['Copper.Harbor.S01E04b.mkv', 'Copper.Harbor.S01E05.mkv'],
] as const)('of an episode in halves, %s is followed by %s', ([from, to]) => {
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
] as const)('where %s ends, %s goes on', ([from, to]) => {
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
