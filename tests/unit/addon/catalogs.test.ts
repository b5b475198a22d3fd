import { expect, test } from 'vitest'
import { CATALOG_ID, LIBRARY_CATALOG_ID } from '../../../manifest/manifest.ts'
import { createCatalogs } from '../../../src/addon/catalogs.ts'
import type { InfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import type { Titles } from '../../../src/library/titles.ts'
import type { Film } from '../../../src/sources/films.ts'
import { indexOf } from '../../support/library-file.ts'

const SERIES = {
  id: 'tt1234567',
  type: 'series',
  name: 'Show',
  infoHash: 'a'.repeat(40) as InfoHash,
} as const

function episode(season: number, number: number): Film {
  return { ...SERIES, season, episode: number, fileIdx: 0, trackers: [] }
}

const FILM: Film = { ...SERIES, id: 'tt2', type: 'movie', name: 'Film', trackers: [] }

/** The catalogues of a server with some named films and some videos on disk. */
function catalogs(films: readonly Film[], paths: readonly string[] = []) {
  const index = indexOf(...paths)
  const titles: Titles = {
    works: async (kind) => index.works(kind),
    withId: async (...asked) => index.withId(...asked),
    titled: async (...asked) => index.titled(...asked),
    has: async (kind) => index.has(kind),
  }
  return createCatalogs({ films: async () => films }, titles)
}

test('a series is listed once, as its first entry, in the order of the films file', async () => {
  const { list } = catalogs([episode(1, 1), FILM, episode(1, 2), { ...episode(2, 1), id: 'tt3' }])
  const listed = await list(CATALOG_ID, 'series')
  expect(listed.map(({ id, episode: number }) => [id, number])).toEqual([
    ['tt1234567', 1],
    ['tt3', 1],
  ])
  expect(await list(CATALOG_ID, 'movie')).toEqual([FILM])
})

test('the catalogue of the library lists what is on disk, and an unknown catalogue is empty', async () => {
  const { list } = catalogs([FILM], ['Other (2010)/Other.2010.mkv'])
  expect((await list(LIBRARY_CATALOG_ID, 'movie')).map(({ name }) => name)).toEqual(['Other'])
  expect(await list('community', 'movie')).toEqual([])
})

test('episodes from the films file and from the disk are one series, each episode once', async () => {
  const { find } = catalogs(
    [episode(1, 1), episode(1, 2)],
    ['Show {imdb-tt1234567}/Show.S01E02.mkv', 'Show {imdb-tt1234567}/Show.S01E03.mkv'],
  )
  const found = await find('series', 'tt1234567')
  expect(found.map(({ season, episode: number }) => [season, number])).toEqual([
    [1, 1],
    [1, 2],
    [1, 3],
  ])
  expect(await find('movie', 'tt1234567')).toEqual([])
})
