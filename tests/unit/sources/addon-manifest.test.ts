import { expect, test } from 'vitest'
import { hasStreams, parseManifest } from '../../../src/sources/addon-manifest.ts'

const MANIFEST = {
  id: 'org.example',
  name: 'Example',
  types: ['movie', 'series'],
  idPrefixes: ['tt'],
  resources: [],
}

test.for([
  ['stream', 'movie', 'tt1', true],
  ['stream', 'series', 'tt1:1:2', true],
  ['stream', 'channel', 'tt1', false],
  ['stream', 'movie', 'kitsu:1', false],
  ['catalog', 'movie', 'tt1', false],
  [{ name: 'stream', types: ['movie'], idPrefixes: ['kitsu:'] }, 'movie', 'kitsu:1', true],
  [{ name: 'stream', types: ['movie'], idPrefixes: ['kitsu:'] }, 'movie', 'tt1', false],
  [{ name: 'stream', types: ['movie'] }, 'movie', 'anything', true],
  [{ name: 'stream', types: ['movie'] }, 'series', 'tt1:1:1', false],
  [{ name: 'stream', types: ['movie'], idPrefixes: [] }, 'movie', 'tt1', false],
  [{ name: 'stream', idPrefixes: ['tt'] }, 'movie', 'tt1', false],
  [{ name: 'meta', types: ['movie'] }, 'movie', 'tt1', false],
  [{ name: 'stream', types: 'movie', idPrefixes: 'tt' }, 'movie', 'tt1', false],
  [null, 'movie', 'tt1', false],
] as const)('an addon with resource %j has streams for %s %s: %s', ([resource, type, id, expected]) => {
  expect(hasStreams(parseManifest({ ...MANIFEST, resources: [resource] }), type, id)).toBe(expected)
})

test('one matching resource is enough', () => {
  const resources = [
    'catalog',
    { name: 'stream', types: ['movie'], idPrefixes: ['x'] },
    { name: 'stream', types: ['movie'] },
  ]
  expect(hasStreams(parseManifest({ ...MANIFEST, resources }), 'movie', 'tt1')).toBe(true)
})

test('a manifest without id prefixes has streams for every id, one with an empty list for none', () => {
  const { idPrefixes: _, ...any } = { ...MANIFEST, resources: ['stream'] }
  expect(hasStreams(parseManifest(any), 'movie', 'x')).toBe(true)
  expect(hasStreams(parseManifest({ ...any, idPrefixes: [] }), 'movie', 'x')).toBe(false)
})

test.for([null, 5, [], {}, { id: 'x' }, { id: 5, resources: [] }, { id: 'x', resources: 'stream' }])(
  '%j is not a manifest',
  (json) => {
    expect(() => parseManifest(json)).toThrow(expect.objectContaining({ code: 'source.bad_answer' }))
  },
)
