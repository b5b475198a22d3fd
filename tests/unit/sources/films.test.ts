import { expect, test } from 'vitest'
import { parseFilms } from '../../../src/sources/films.ts'
import freeFilms from '../../../src/sources/free-films.json' with { type: 'json' }

const HASH = 'dd8255ecdc7ca55fb0bbf81323d87062db1f6d1c'
const BASE32 = '3WBFL3G4PSSV7MF37AJSHWDQMLNR63I4'
const FILM = { id: 'tt1', type: 'movie', name: 'Film', infoHash: HASH }
const EPISODE = { ...FILM, type: 'series', season: 1, episode: 2, fileIdx: 0 }

test('the four films that come with the server are valid, with licence and attribution', () => {
  const { films, problems } = parseFilms(freeFilms)
  expect(problems).toEqual([])
  expect(films.map(({ id, infoHash }) => [id, infoHash])).toEqual([
    ['tt1254207', 'dd8255ecdc7ca55fb0bbf81323d87062db1f6d1c'],
    ['tt1727587', '08ada5a7a6183aae1e09d831df6748d566095a10'],
    ['tt2285752', '209c8226b299b308beaf2b9cd3fb49212dbd13ec'],
    ['tt4957236', 'c9e15763f722f23e98a29decdfae341b98d53056'],
  ])
  for (const film of films)
    expect(film).toMatchObject({ licence: expect.any(String), attribution: expect.any(String) })
})

test.for([
  ['a hash in lower case', { infoHash: HASH }],
  ['a hash in upper case', { infoHash: HASH.toUpperCase() }],
  ['a base32 hash', { infoHash: BASE32 }],
  ['a magnet link', { infoHash: undefined, magnet: `magnet:?xt=urn:btih:${HASH}` }],
] as const)('%s identifies the torrent of an entry', ([, how]) => {
  expect(parseFilms([{ ...FILM, ...how }])).toMatchObject({
    films: [{ infoHash: HASH, trackers: [] }],
    problems: [],
  })
})

test('trackers of an entry and of its magnet link are joined', () => {
  const magnet = `magnet:?xt=urn:btih:${HASH}&tr=udp%3A%2F%2Fb.org%3A1`
  const { films } = parseFilms([{ ...FILM, infoHash: undefined, magnet, trackers: ['udp://a.org:1'] }])
  expect(films[0]?.trackers).toEqual(['udp://a.org:1', 'udp://b.org:1'])
})

test('an entry with both a hash and a magnet link keeps the hash and the trackers of both', () => {
  const magnet = `magnet:?xt=urn:btih:${'b'.repeat(40)}&tr=udp%3A%2F%2Fb.org%3A1`
  const { films } = parseFilms([{ ...FILM, magnet, trackers: ['udp://a.org:1'] }])
  expect(films).toMatchObject([{ infoHash: HASH, trackers: ['udp://a.org:1', 'udp://b.org:1'] }])
})

test.for([1800, 2008, 3000])('%d is a valid year', (year) => {
  expect(parseFilms([{ ...FILM, year }])).toMatchObject({ films: [{ year }], problems: [] })
})

test.for(['tt1', 'tt1254207', 'selfstreme:my-film', 'selfstreme:a.b_c'])('"%s" is a valid id', (id) => {
  expect(parseFilms([{ ...FILM, id }]).problems).toEqual([])
})

test.for([
  ['an id of another kind', { ...FILM, id: 'kitsu:1' }, /id: expected an IMDb id/],
  ['an id that would look like an episode', { ...FILM, id: 'selfstreme:a:1' }, /id: /],
  ['no id', { ...FILM, id: undefined }, /id: /],
  ['no name', { ...FILM, name: '' }, /name: /],
  ['a name of blanks', { ...FILM, name: ' \t ' }, /name: expected a name/],
  ['half a letter in its name', { ...FILM, name: 'a\ud83c' }, /name: expected valid Unicode/],
  ['half a letter in its file name', { ...FILM, fileName: '\udfac.mkv' }, /fileName: expected valid Unicode/],
  ['half a letter in a genre', { ...FILM, genres: ['\ud83c'] }, /genres\.0: expected valid Unicode/],
  ['a year before all films', { ...FILM, year: 1799 }, /year: /],
  ['a year far from now', { ...FILM, year: 3001 }, /year: /],
  ['half a year', { ...FILM, year: 2008.5 }, /year: /],
  ['another type', { ...FILM, type: 'channel' }, /type: /],
  ['neither hash nor magnet link', { ...FILM, infoHash: undefined }, /"infoHash".* or "magnet"/],
  ['an invalid hash', { ...FILM, infoHash: 'zz' }, /"infoHash".* or "magnet"/],
  ['an invalid magnet link', { ...FILM, infoHash: undefined, magnet: 'magnet:?dn=x' }, /or "magnet"/],
  ['a negative fileIdx', { ...FILM, fileIdx: -1 }, /fileIdx: /],
  ['a fileIdx that is text', { ...FILM, fileIdx: '0' }, /fileIdx: /],
  ['a poster that is no link', { ...FILM, poster: 'javascript:alert(1)' }, /poster: /],
  ['an episode without fileIdx', { ...EPISODE, fileIdx: undefined }, /an episode needs "fileIdx"/],
  ['an episode without season', { ...EPISODE, season: undefined }, /an episode needs "season"/],
  ['an episode without number', { ...EPISODE, episode: undefined }, /an episode needs "episode"/],
] as const)('an entry with %s is reported and skipped, and the others are kept', ([, broken, why]) => {
  const { films, problems } = parseFilms([{ ...FILM, id: 'tt7' }, broken, { ...FILM, id: 'tt8' }])
  expect(films.map(({ id }) => id)).toEqual(['tt7', 'tt8'])
  expect(problems).toEqual([expect.stringMatching(why)])
  expect(problems[0]).toContain('entry 2')
})

test.for([[null], ['film'], [5], [[]], [{}]])('%j is not an entry, and is reported and skipped', (broken) => {
  const { films, problems } = parseFilms([...broken, FILM])
  expect(films).toHaveLength(1)
  expect(problems).toEqual([expect.stringContaining('entry 1 ("without name")')])
})

test('a broken entry is reported by its name, else by its id', () => {
  const { problems } = parseFilms([
    { ...FILM, infoHash: 'zz' },
    { ...FILM, name: undefined, infoHash: 'zz' },
  ])
  expect(problems).toEqual([expect.stringContaining('("Film")'), expect.stringContaining('("tt1")')])
})

test('all mistakes in an episode are reported together', () => {
  const [problem] = parseFilms([{ ...FILM, type: 'series' }]).problems
  expect(problem).toMatch(/"season".*"episode".*"fileIdx"/)
})

test('episodes may share an id, and specials are in season 0', () => {
  const { films, problems } = parseFilms([
    EPISODE,
    { ...EPISODE, episode: 3 },
    { ...EPISODE, season: 0, episode: 0 },
  ])
  expect(problems).toEqual([])
  expect(films).toHaveLength(3)
})
