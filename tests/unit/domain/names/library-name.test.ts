import { expect, test } from 'vitest'
import { type LibraryName, readLibraryName, titleKey } from '../../../../src/domain/names/library-name.ts'

type Expected = Partial<LibraryName> | undefined

test.for<[string, Expected]>([
  ['Film (2010)/Film.2010.1080p.mkv', { kind: 'movie', title: 'Film', year: 2010, resolution: '1080p' }],
  ['Film (2010) {imdb-tt1375666}/disc.mkv', { kind: 'movie', title: 'Film', ids: ['tt1375666'] }],
  ['Film (2010) [tmdbid-27205].mkv', { kind: 'movie', title: 'Film', ids: ['tmdb:27205'] }],
  ['Films/Some Film.mkv', { kind: 'movie', title: 'Some Film' }],
  [
    'Wonder Woman 1984.mkv',
    { kind: 'movie', title: 'Wonder Woman', otherwise: { title: 'Wonder Woman 1984' } },
  ],
  ['Fast 07 (2015).mkv', { kind: 'movie', year: 2015 }],
  ['Les Misérables (2012).mkv', { kind: 'movie', title: 'Les Misérables', year: 2012 }],
  ['Show/Season 2/05 - Title.mkv', { kind: 'episode', title: 'Show', season: 2, episodes: [5] }],
  ['Show/Season 2/Show 2x05-06.mkv', { kind: 'episode', season: 2, episodes: [5, 6] }],
  ['Show/Specials/Show S00E01.mkv', { kind: 'episode', season: 0, episodes: [1] }],
  ['[Group] Show - 27 [1080p].mkv', { kind: 'episode', title: 'Show', episodes: [27] }],
  ['Show (2005)/Season 03/Show.S03E01.2008.mkv', { kind: 'episode', year: 2005, season: 3 }],
  ['Show.2005.S01E01.mkv', { kind: 'episode', title: 'Show', year: 2005 }],
  ['Show (US)/S01E01.mkv', { kind: 'episode', title: 'Show US' }],
  ['Show US (2005)/S01E01.mkv', { title: 'Show US', otherwise: { title: 'Show', year: 2005 } }],
  ['Daily/Daily.2024.05.17.mkv', { kind: 'episode', title: 'Daily', season: 2024, episodes: [517] }],
  ['Show {tvdb-123}/S01E01.mkv', { kind: 'episode', title: 'Show', ids: ['tvdb:123'] }],
  ['Film (2010)/Film (2010)-trailer.mkv', undefined],
  ['Film (2010)/Sample/film.mkv', undefined],
  ['Show/Season 2/Something else.mkv', undefined],
  ['Season 1/01.mkv', undefined],
])('the name of a file in the library is read: %s', ([path, expected]) => {
  const name = readLibraryName(path)
  if (expected) expect(name).toMatchObject(expected)
  else expect(name).toBeUndefined()
})

test.for([
  ['The Rock & the Sea', 'Rock and Sea', true],
  ['Les Misérables', 'LES MISERABLES', true],
  ['Rocky II', 'Rocky 2', true],
  ['Rocky', 'Rocky 2', false],
  ['Alien', 'Aliens', false],
  ['The', 'A', false],
] as const)('titles "%s" and "%s" are the same: %s', ([a, b, isSame]) => {
  expect(titleKey(a) === titleKey(b)).toBe(isSame)
})
