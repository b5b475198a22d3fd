import { expect, test } from 'vitest'
import { UsageError } from '../../../src/cli/command.ts'
import { importRequest } from '../../../src/cli/import-request.ts'

const HASH = 'abcdef0123456789abcdef0123456789abcdef01'
const BASE32_OF_HASH = 'VPG66AJDIVTYTK6N54ASGRLHRGV433YB'
const OTHER = '0'.repeat(40)

test('import takes the paths and options as typed', async () => {
  const path = '/films/a.mkv'
  const trackers = ['udp://t.example.org:1']
  expect(await importRequest([path, '/b'], { infohash: BASE32_OF_HASH })).toEqual({
    kind: 'placed',
    requests: [path, '/b'].map((path) => ({ path, infoHash: HASH })),
  })
  expect(await importRequest([path], { create: true, name: 'A film', tracker: trackers })).toEqual({
    kind: 'create',
    torrents: [{ path, name: 'A film', trackers }],
  })
})

test('import without an option takes the info hash from the file name', async () => {
  const paths = [`/${OTHER}/My ${HASH.toUpperCase()} film.mkv`, `/x/${BASE32_OF_HASH}`]
  expect(await importRequest(paths, {})).toEqual({
    kind: 'placed',
    requests: paths.map((path) => ({ path, infoHash: HASH })),
  })
})

test.for<readonly [paths: string[], options: Parameters<typeof importRequest>[1], why: string]>([
  [[], {}, 'nothing to import: name a file or folder'],
  [['film.mkv'], {}, 'has no info hash in its name: use --torrent, --infohash or --create'],
  [[`${HASH}/film.mkv`], {}, 'has no info hash in its name'],
  [['a'], { create: true, infohash: HASH }, 'use only one of --torrent, --infohash and --create'],
  [['a'], { infohash: 'abc' }, '"abc" is not an info hash (expected 40 hex digits or 32 base32 letters)'],
  [['a'], { infohash: HASH, name: 'x' }, '--name and --tracker need --create'],
  [['a', 'b'], { create: true, name: 'x' }, '--name names one torrent, but several paths are given'],
  [['a'], { create: true, name: '../x' }, '"../x" is not a valid name'],
  [['a'], { create: true, name: '' }, '"" is not a valid name'],
  [['a'], { create: true, tracker: ['ftp://x'] }, '"ftp://x" is not a tracker'],
])('import of %j with %j is a usage error', async ([paths, options, why]) => {
  const asked = importRequest(paths, options)
  await expect(asked).rejects.toThrow(UsageError)
  await expect(asked).rejects.toThrow(why)
})
