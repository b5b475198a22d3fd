import { expect, test } from 'vitest'
import { parseVideoId } from '../../src/domain/video-id.ts'

test.for([
  ['movie', 'tt1254207'],
  ['movie', 'selfstreme:my-film'],
  ['movie', 'tt1:2:3'],
  ['channel', 'anything'],
] as const)('a %s called "%s" is one film', ([type, id]) => {
  expect(parseVideoId(type, id)).toEqual({ kind: 'movie', id })
})

test.for([
  ['tt1:2:3', 'tt1', 2, 3],
  ['tt1:0:0', 'tt1', 0, 0],
  ['tt1:01:002', 'tt1', 1, 2],
  ['tt1:2024:1001', 'tt1', 2024, 1001],
  ['selfstreme:show:1:2', 'selfstreme:show', 1, 2],
] as const)('"%s" is an episode of %s', ([text, id, season, episode]) => {
  expect(parseVideoId('series', text)).toEqual({ kind: 'episode', id, season, episode })
})

test.for([
  '',
  'tt1',
  'tt1:2',
  ':1:2',
  'tt1:a:2',
  'tt1:1:b',
  'tt1:-1:2',
  'tt1:1:',
  'tt1::2',
  'tt1:1.5:2',
  'tt1:9999999:1',
])('a series without season and episode, as in "%s", is nothing to play', (text) => {
  expect(parseVideoId('series', text)).toBeUndefined()
})

test('a film without a name is nothing to play', () => {
  expect(parseVideoId('movie', '')).toBeUndefined()
})
