import { expect, test } from 'vitest'
import { type CatalogFilm, presentMeta, presentPreview } from '../../src/addon/present-meta.ts'

const FILM: CatalogFilm = { id: 'tt1', type: 'movie', name: 'Film' }
const EPISODE: CatalogFilm = { id: 'tt2', type: 'series', name: 'Show', season: 1, episode: 1 }

test('what is not known of a film is left out', () => {
  expect(presentPreview(FILM)).toEqual({ id: 'tt1', type: 'movie', name: 'Film' })
})

test('licence and attribution stand in the description', () => {
  const film = {
    ...FILM,
    description: 'A rabbit.',
    licence: 'CC BY 3.0',
    attribution: '(c) Blender',
    year: 2008,
  }
  expect(presentPreview(film)).toEqual({
    id: 'tt1',
    type: 'movie',
    name: 'Film',
    description: 'A rabbit.\n\nLicence: CC BY 3.0 · (c) Blender',
    releaseInfo: '2008',
  })
})

test('the page of a film is its row', () => {
  expect(presentMeta([FILM])).toEqual(presentPreview(FILM))
})

test('the episodes of a series are sorted, each once, with the id that Stremio asks for', () => {
  const meta = presentMeta([
    { ...EPISODE, season: 2 },
    { ...EPISODE, episode: 10 },
    { ...EPISODE, episode: 2, title: 'The second', year: 2001 },
    { ...EPISODE, season: 0, episode: 1 },
    { ...EPISODE, episode: 10 },
  ])
  expect(meta).toMatchObject({
    videos: [
      { id: 'tt2:0:1', season: 0, episode: 1, title: 'Episode 1' },
      { id: 'tt2:1:2', season: 1, episode: 2, title: 'The second', released: '2001-01-01T00:00:00.000Z' },
      { id: 'tt2:1:10' },
      { id: 'tt2:2:1' },
    ],
  })
})
