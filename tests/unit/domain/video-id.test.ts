import { expect, test } from 'vitest'
import { isCatalogueId, isOtherId, parseVideoId } from '../../../src/domain/video-id.ts'

test.for([
  ['movie', 'tt1254207'],
  ['movie', 'selfstreme:my-film'],
  ['movie', 'tt1:2:3'],
  ['channel', 'anything'],
] as const)('%s "%s" is a film', ([type, id]) => {
  expect(parseVideoId(type, id)).toEqual({ kind: 'movie', id })
})

test.for([
  ['tt1:2:3', 'tt1', 2, 3],
  ['tt1:0:0', 'tt1', 0, 0],
  ['tt1:01:002', 'tt1', 1, 2],
  ['tt1:2024:1001', 'tt1', 2024, 1001],
  ['selfstreme:show:1:2', 'selfstreme:show', 1, 2],
  ['tmdb:1399:1:2', 'tmdb:1399', 1, 2],
  ['kitsu:7442:1:2', 'kitsu:7442', 1, 2],
] as const)('"%s" is an episode of %s', ([text, id, season, episode]) => {
  expect(parseVideoId('series', text)).toEqual({ kind: 'episode', id, season, episode })
})

test.for([
  ['series', 'kitsu:7442:5', 'kitsu:7442', 5],
  ['anime', 'kitsu:7442:5', 'kitsu:7442', 5],
  ['series', 'mal:1:12', 'mal:1', 12],
  ['series', 'anilist:1:0', 'anilist:1', 0],
  ['series', 'anidb:1:1071', 'anidb:1', 1071],
] as const)('%s "%s" is an episode of %s without a season', ([type, text, id, episode]) => {
  expect(parseVideoId(type, text)).toEqual({ kind: 'episode', id, episode })
})

test.for([
  ['anime', 'tt1:2:3', { kind: 'episode', id: 'tt1', season: 2, episode: 3 }],
  ['movie', 'kitsu:123', { kind: 'movie', id: 'kitsu:123' }],
  ['anime', 'kitsu:123', { kind: 'movie', id: 'kitsu:123' }],
  ['movie', 'kitsu:123:5', { kind: 'movie', id: 'kitsu:123:5' }],
] as const)('the kind of %s "%s" follows its type', ([type, text, video]) => {
  expect(parseVideoId(type, text)).toEqual(video)
})

test.for([
  '',
  'tt1',
  'kitsu:123',
  'tmdb:1399',
  'tmdb:1399:5',
  'selfstreme:1:2',
  'kitsu::5',
  'tt1:2',
  ':1:2',
  'tt1:a:2',
  'tt1:1:b',
  'tt1:-1:2',
  'tt1:1:',
  'tt1::2',
  'tt1:1.5:2',
  'tt1:9999999:1',
])('a series without season and episode, such as "%s", is not a video id', (text) => {
  expect(parseVideoId('series', text)).toBeUndefined()
})

test('a film without an id is not a video id', () => {
  expect(parseVideoId('movie', '')).toBeUndefined()
})

test('text longer than any id is not a video id', () => {
  for (const type of ['movie', 'series', 'anime']) {
    expect(parseVideoId(type, `tt${'1'.repeat(199)}`)).toBeUndefined()
    expect(parseVideoId(type, `${'a'.repeat(100_000)}:1:2`)).toBeUndefined()
  }
})

test.for(['tt1', 'tt12345678', 'kitsu:7442', 'mal:1', 'tmdb:1399', 'tmdb:tv:1399', 'tvdb:5'])(
  '"%s" may be a catalogue id',
  (id) => expect([isCatalogueId(id), isOtherId(id)]).toEqual([true, false]),
)

test.for(['tt', 'nonsense', 'my-addon:5', 'x.y:z'])('"%s" may be an id of another addon', (id) =>
  expect([isCatalogueId(id), isOtherId(id)]).toEqual([false, true]),
)

test.for(['tt12345678901', 'tt1x', 'kitsu:x', 'tmdb:', 'selfstreme:holidays', 'a b', '../x', 'a\n', 'a/b'])(
  '"%s" is not an id that other addons know',
  (id) => expect([isCatalogueId(id), isOtherId(id)]).toEqual([false, false]),
)
