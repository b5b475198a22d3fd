import { expect, test } from 'vitest'
import { type CatalogFilm, presentMeta, presentPreview } from '../../../src/addon/present-meta.ts'

const BASE_URL = 'http://films.lan:7000/streme'
const POSTER = `${BASE_URL}/poster/movie/tt1.svg`
const FILM: CatalogFilm = { id: 'tt1', type: 'movie', name: 'Film' }
const EPISODE: CatalogFilm = { id: 'tt2', type: 'series', name: 'Show', season: 1, episode: 1 }

test('unknown facts are left out of the preview of a film', () => {
  expect(presentPreview(FILM, BASE_URL)).toEqual({ id: 'tt1', type: 'movie', name: 'Film', poster: POSTER })
})

test('licence and attribution are in the description of a film', () => {
  const film = {
    ...FILM,
    description: 'A rabbit.',
    licence: 'CC BY 3.0',
    attribution: '(c) Blender',
    year: 2008,
  }
  expect(presentPreview(film, BASE_URL)).toEqual({
    id: 'tt1',
    type: 'movie',
    name: 'Film',
    poster: POSTER,
    description: 'A rabbit.\n\nLicence: CC BY 3.0 · (c) Blender',
    releaseInfo: '2008',
  })
})

test('the page of a film has the same content as its row', () => {
  expect(presentMeta([FILM], BASE_URL)).toEqual(presentPreview(FILM, BASE_URL))
})

test('the episodes of a series are sorted, without duplicates, and have the ids that Stremio asks for', () => {
  const meta = presentMeta(
    [
      { ...EPISODE, season: 2 },
      { ...EPISODE, episode: 10 },
      { ...EPISODE, episode: 2, title: 'The second', year: 2001 },
      { ...EPISODE, season: 0, episode: 1 },
      { ...EPISODE, episode: 10 },
    ],
    BASE_URL,
  )
  expect(meta).toMatchObject({
    videos: [
      { id: 'tt2:0:1', season: 0, episode: 1, title: 'Episode 1' },
      { id: 'tt2:1:2', season: 1, episode: 2, title: 'The second', released: '2001-01-01T00:00:00.000Z' },
      { id: 'tt2:1:10' },
      { id: 'tt2:2:1' },
    ],
  })
})

test("a film's own poster is used, else ours with the id in its address", () => {
  const poster = 'https://films.example.org/poster.jpg'
  expect(presentPreview({ ...FILM, poster }, BASE_URL)).toMatchObject({ poster })
  const own = { ...EPISODE, id: 'selfstreme:a?b/c' }
  expect(presentMeta([own], BASE_URL)).toMatchObject({
    poster: `${BASE_URL}/poster/series/selfstreme%3Aa%3Fb%2Fc.svg`,
  })
})
