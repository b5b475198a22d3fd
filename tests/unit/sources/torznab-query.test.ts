import { expect, test } from 'vitest'
import { queriesById, queriesByTitle } from '../../../src/sources/torznab-query.ts'
import type { TorznabCaps } from '../../../src/sources/torznab-xml.ts'

const FILM = { kind: 'movie', id: 'tt0063350' } as const
const EPISODE = { kind: 'episode', id: 'tt5', season: 1, episode: 2 } as const
const TITLE = { name: "The Cat's Meow: A & B", year: 1968, aliases: [], episodes: new Map() }

function caps(
  searches: { search?: string; movie?: string; tv?: string },
  categories = [2000, 5040],
): TorznabCaps {
  const known = Object.entries(searches).map(([name, params]) => [name, new Set(params.split(','))])
  return { ...Object.fromEntries(known), categories }
}

test('a film is searched by the number in its IMDb id', () => {
  expect(queriesById(caps({ movie: 'q,imdbid' }), FILM)).toEqual([
    { t: 'movie', imdbid: '0063350', cat: '2000' },
  ])
})

test('an episode is searched by itself and as part of its season', () => {
  const season = { t: 'tvsearch', imdbid: '5', cat: '5000', season: '1' }
  expect(queriesById(caps({ tv: 'q,imdbid,season,ep' }), EPISODE)).toEqual([{ ...season, ep: '2' }, season])
  expect(queriesById(caps({ tv: 'q,imdbid,season' }), EPISODE)).toEqual([season])
})

test.for([
  [FILM, {}],
  [FILM, { movie: 'q', tv: 'q,imdbid,season,ep', search: 'q' }],
  [EPISODE, { movie: 'q,imdbid', tv: 'q,season,ep' }],
  [EPISODE, { tv: 'q,imdbid' }],
] as const)('by id, %j is not searched when the indexer supports %j', ([video, searches]) => {
  expect(queriesById(caps(searches), video)).toEqual([])
})

test.for([
  [FILM, { movie: 'q' }, [{ t: 'movie', q: 'The Cats Meow A and B 1968', cat: '2000' }]],
  [FILM, { search: 'q' }, [{ t: 'search', q: 'The Cats Meow A and B 1968', cat: '2000' }]],
  [FILM, { tv: 'q' }, []],
  [
    EPISODE,
    { tv: 'q,season,ep', search: 'q' },
    [
      { t: 'tvsearch', q: 'The Cats Meow A and B', cat: '5000', season: '1', ep: '2' },
      { t: 'tvsearch', q: 'The Cats Meow A and B', cat: '5000', season: '1' },
    ],
  ],
  [
    EPISODE,
    { search: 'q', tv: 'q' },
    [
      { t: 'search', q: 'The Cats Meow A and B S01E02', cat: '5000' },
      { t: 'search', q: 'The Cats Meow A and B S01', cat: '5000' },
    ],
  ],
  [
    EPISODE,
    { tv: 'q' },
    [
      { t: 'tvsearch', q: 'The Cats Meow A and B S01E02', cat: '5000' },
      { t: 'tvsearch', q: 'The Cats Meow A and B S01', cat: '5000' },
    ],
  ],
  [EPISODE, { movie: 'q' }, []],
] as const)('by name, %j is searched when the indexer supports %j, as %j', ([video, searches, expected]) => {
  expect(queriesByTitle(caps(searches), video, TITLE)).toEqual(expected.length > 0 ? [expected] : [])
})

test('a film without a year is searched by its name alone', () => {
  const { year: _, ...title } = TITLE
  expect(queriesByTitle(caps({ search: 'q' }), FILM, { ...title, name: 'Das Boot (3)' })).toMatchObject([
    [{ q: 'Das Boot 3' }],
  ])
})

test.for([
  ['Les Égarés', ['Les Egares', 'Les Égarés']],
  ['Shōrin', ['Shorin', 'Shōrin']],
  ["L'acchiappavento", ['Lacchiappavento']],
  ['Straße nach Łódź', ['Strasse nach Lodz', 'Straße nach Łódź']],
  ['Æon Ørn', ['Aeon Orn', 'Æon Ørn']],
  ['铜港', ['铜港']],
] as const)('"%s" is searched as %j, in this order', ([name, asked]) => {
  const queries = queriesByTitle(caps({ search: 'q' }), FILM, { name, aliases: [], episodes: new Map() })
  expect(queries.map(([query]) => query?.q)).toEqual(asked)
})

test('an indexer with its own categories is searched in all of them', () => {
  expect(queriesById(caps({ movie: 'imdbid' }, [100_001]), FILM)).toEqual([{ t: 'movie', imdbid: '0063350' }])
})
