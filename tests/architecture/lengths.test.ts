import { expect, test } from 'vitest'
import { type Lengths, lengthsOf, lengthsOfSources } from './lengths.ts'

/** Not done yet: none of these may get longer, and nothing may be added. */
const NOT_YET: Lengths = {
  files: {
    'src/sources/watched-source.ts': 257,
    'src/torrent-index/torrent-index.ts': 379,
  },
  functions: {
    'src/cleanup/janitor.ts startJanitor': 127,
    'src/cleanup/limits.ts limitKeeper': 98,
    'src/files/read-slices.ts readSlices': 62,
    'src/http/api-routes.ts apiRoutes': 84,
    'src/http/connection-places.ts limitConnections': 73,
    'src/http/server.ts startServer': 89,
    'src/import/fill-folder.ts fillFolder': 92,
    'src/import/import-placed.ts importPlaced': 68,
    'src/placed/placed-files.ts openPlacedFiles': 90,
    'src/sources/reading/answer-reader.ts createAnswerReader': 83,
    'src/sources/torrent-links.ts createTorrentLinks': 61,
    'src/sources/torznab.ts createTorznab': 84,
    'src/sources/upstream-addon.ts createUpstreamAddon': 63,
    'src/sources/watched-source.ts watchSource': 167,
    'src/torrent-index/watch-download-folder.ts keepUp': 66,
  },
  parameters: {
    'src/cleanup/eviction.ts chooseForRoom': 6,
    'src/cleanup/janitor.ts startJanitor': 6,
    'src/cleanup/limits.ts limitKeeper': 5,
    'src/http/api-routes.ts apiRoutes': 5,
    'src/http/connection-places.ts limitConnections': 5,
    'src/http/send-media.ts sendMedia': 6,
    'src/http/stream-routes.ts streamRoutes': 6,
    'src/placed/placed-files.ts openPlacedFiles': 6,
    'src/sources/reading/answer-reader.ts read': 5,
    'src/sources/remote-server.ts ask': 5,
    'src/storage/check-piece.ts readPart': 6,
    'src/storage/contents.ts contentsOf': 7,
    'src/torrent-index/watch-download-folder.ts keepUp': 5,
  },
}

const found = lengthsOfSources()

test('the sources are found and measured', () => {
  expect(found.fileCount).toBeGreaterThan(250)
})

test.for([
  ['no file has more than 250 lines', 'files'],
  ['no function has more than 60 lines without a reason above it (// long: …)', 'functions'],
  ['no function has more than four positional parameters', 'parameters'],
] as const)('%s', ([, kind]) => {
  const longer = Object.entries(found[kind]).filter(([where, length]) => length > (NOT_YET[kind][where] ?? 0))
  expect(Object.fromEntries(longer)).toEqual({})
})

test('an overlong file, function or parameter list is found wherever it is', () => {
  const body = '  call()\n'.repeat(60)
  const text = [
    `export function plain() {\n${body}}`,
    `const arrow = (): void => {\n${body}}`,
    `class Some {\n  constructor(a, b, c, d, e) {}\n  method() {\n${body}}\n}`,
    'interface Port {\n  get(a: 1, b: 2, c: 3, d: 4, e: 5, f: 6): void\n}',
  ].join('\n')
  expect(lengthsOf('x.ts', text)).toEqual({
    files: {},
    functions: { 'x.ts plain': 62, 'x.ts arrow': 62, 'x.ts method': 62 },
    parameters: { 'x.ts new Some': 5, 'x.ts get': 6 },
  })
  expect(lengthsOf('x.ts', 'call()\n'.repeat(251)).files).toEqual({ 'x.ts': 251 })
  expect(lengthsOf('x.ts', 'call()\n'.repeat(250)).files).toEqual({})
})

test('only a reason right above a function allows it to be long', () => {
  const long = `function long() {\n${'  call()\n'.repeat(60)}}`
  const isTooLong = (above: string) =>
    Object.keys(lengthsOf('x.ts', `${above}\n${long}`).functions).length > 0
  expect(isTooLong('// long: one step after the other, in the order of the protocol')).toBe(false)
  expect(isTooLong('/** What it does. */\n// long: one step after the other, in order')).toBe(false)
  expect(isTooLong('// long: it is')).toBe(true)
  expect(isTooLong('// long: one step after the other, in order\n')).toBe(true)
  expect(isTooLong('/** What it does. */')).toBe(true)
})
