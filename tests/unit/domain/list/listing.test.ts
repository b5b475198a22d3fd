import { expect, test } from 'vitest'
import type { InfoHash } from '../../../../src/domain/bittorrent/info-hash.ts'
import type { Candidate, Found } from '../../../../src/domain/list/candidate.ts'
import { DEFAULT_LIST_OPTIONS, type ListOptions } from '../../../../src/domain/list/list-options.ts'
import { arrange, describe, type OnDisk } from '../../../../src/domain/list/listing.ts'
import { torrentCandidate } from '../../../support/candidate.ts'

const GB = 1e9

function torrent(releaseName: string, more: Partial<Candidate> = {}): Candidate {
  return torrentCandidate('a'.repeat(40) as InfoHash, releaseName, more)
}

function onDisk(share: number): OnDisk {
  return { share, size: GB, name: 'Film.mkv' }
}

function arranged(all: readonly Found[], options: Partial<ListOptions> = {}) {
  const { kept, dropped } = arrange(
    all.map((each) => describe(each)),
    { ...DEFAULT_LIST_OPTIONS, ...options },
  )
  return {
    kept: kept.map(({ found }) => found.title),
    dropped: dropped.map(({ listed, why }) => [listed.found.title, why]),
  }
}

test('streams that start at once come first, then resolution, seeders and size decide', () => {
  const lines = [
    describe(torrent('Film.720p few', { seeders: 1 })),
    describe(torrent('Film.1080p small', { seeders: 5, size: { bytes: GB, of: 'file', exact: true } })),
    describe(torrent('Film.2160p', { seeders: 1 })),
    describe(torrent('Film.480p half there'), onDisk(0.5)),
    describe(torrent('Film.1080p large', { seeders: 5, size: { bytes: 2 * GB, of: 'file', exact: true } })),
    describe(torrent('Film.480p there'), onDisk(1)),
    describe(torrent('Film.1080p seeded', { seeders: 6 })),
    describe(torrent('Film.720p nobody says', {})),
    describe(torrent('Film.1080p hardly there', { seeders: 7 }), onDisk(0.001)),
    describe(torrent('Film without anything', { seeders: 900 })),
  ]
  const { kept } = arrange(lines, DEFAULT_LIST_OPTIONS)
  expect(kept.map(({ found }) => found.title)).toEqual([
    'Film.480p there',
    'Film.480p half there',
    'Film.2160p',
    'Film.1080p hardly there',
    'Film.1080p seeded',
    'Film.1080p large',
    'Film.1080p small',
    'Film.720p few',
    'Film.720p nobody says',
    'Film without anything',
  ])
})

test('a torrent that was just waited for in vain comes last, however good it is', () => {
  const lines = [
    describe(torrent('Film.2160p', { seeders: 900 }), undefined, 5_000),
    describe(torrent('Film.480p'), undefined),
    describe(torrent('Film.1080p half there'), onDisk(0.5), 60_000),
    describe(torrent('Film.720p', { seeders: 1 })),
    describe(torrent('Film.360p there'), onDisk(1), 0),
    describe(torrent('Film.720p, asked this moment', { seeders: 1 }), undefined, 0),
  ]
  expect(arrange(lines, DEFAULT_LIST_OPTIONS).kept.map(({ found }) => found.title)).toEqual([
    'Film.360p there',
    'Film.720p',
    'Film.480p',
    'Film.1080p half there',
    'Film.2160p',
    'Film.720p, asked this moment',
  ])
})

test("resolutions are listed in the user's order, and others are left out", () => {
  const all = ['2160p', '1080p', '720p', '480p', 'nothing'].map((quality) => torrent(`Film.2020.${quality}`))
  expect(arranged(all, { resolutions: ['720', 'other', '1080'] })).toEqual({
    kept: ['Film.2020.720p', 'Film.2020.nothing', 'Film.2020.1080p'],
    dropped: [
      ['Film.2020.2160p', 'its resolution is 2160'],
      ['Film.2020.480p', 'its resolution is 480'],
    ],
  })
})

test('equal streams stay in the order in which they were found', () => {
  const all = ['c', 'a', 'b'].map((name) => torrent(`${name}.1080p`))
  expect(arranged(all).kept).toEqual(['c.1080p', 'a.1080p', 'b.1080p'])
})

test.for<readonly [Found, string]>([
  [torrent('Film.2020.2160p.WEB-DL'), '2160'],
  [torrent('Film.2020.4K.HDR'), '2160'],
  [torrent('Film.2020.1440p'), '1440'],
  [torrent('Film.2020.1080p'), '1080'],
  [torrent('Film.2020.720p'), '720'],
  [torrent('Film.2020.576p'), '480'],
  [torrent('Film.2020.360p'), '480'],
  [torrent('Film.2020'), 'other'],
  [torrent('Film.2020', { quality: '4K' }), '2160'],
  [torrent('Film.2020.720p', { quality: '1080p' }), '1080'],
  [torrent('Film', { title: 'Other addon\n1080p' }), '1080'],
])('%j has the resolution class %s', ([found, resolution]) => {
  expect(describe(found).resolution).toBe(resolution)
})

test.for<readonly [Partial<ListOptions>, string, Partial<Candidate>, string | undefined]>([
  [{ maxBytes: 2 * GB }, 'Film', { size: { bytes: 2 * GB, of: 'file', exact: true } }, undefined],
  [
    { maxBytes: 2 * GB },
    'Film',
    { size: { bytes: 2 * GB + 1e7, of: 'file', exact: true } },
    '2.01 GB is more than 2.00 GB',
  ],
  [{ maxBytes: 2 * GB }, 'Film', {}, undefined],
  [
    { maxBytes: 2 * GB },
    'Film',
    { size: { bytes: 9 * GB, of: 'torrent', exact: true } },
    '9.00 GB is more than 2.00 GB',
  ],
  [
    { maxBytes: 2 * GB },
    'Show.S01.1080p',
    { size: { bytes: 9 * GB, of: 'torrent', exact: true } },
    undefined,
  ],
  [
    { maxBytes: 2 * GB },
    'Show.S01.1080p',
    { size: { bytes: 3 * GB, of: 'file', exact: false } },
    '3.00 GB is more than 2.00 GB',
  ],
  [{ languages: ['de'] }, 'Film.2020.GERMAN.1080p', {}, undefined],
  [{ languages: ['en'] }, 'Film.2020.GERMAN.1080p', {}, 'its languages are de'],
  [{ languages: ['en', 'de'] }, 'Film.2020.GERMAN.1080p', {}, undefined],
  [{ languages: ['en'] }, 'Film.2020.MULTi.FRENCH.1080p', {}, undefined],
  [{ languages: ['en'] }, 'Film.2020.1080p', {}, undefined],
  [{ excludedWords: ['cam'] }, 'Film.2020.CAM.x264', {}, 'its name says "cam"'],
  [{ excludedWords: ['cam'] }, 'Camera.2020.x264-CAMPER', {}, undefined],
  [{ excludedWords: ['hd-ts'] }, 'Film.2020.HD-TS.x264', {}, 'its name says "hd-ts"'],
  [{ excludedWords: ['ts'] }, 'Film.2020.HD-TS.x264', {}, 'its name says "ts"'],
  [{ excludedWords: ['grp'] }, 'Film.2020.x264-GRP', {}, 'its name says "grp"'],
  [{ excludedWords: ['sample'] }, 'Film.2020', { fileName: 'film-sample.mkv' }, 'its name says "sample"'],
])('with options %j, "%s" %j is dropped for: %s', ([options, name, more, why]) => {
  expect(arranged([torrent(name, more)], options).dropped).toEqual(why === undefined ? [] : [[name, why]])
})

test("only the best streams of each resolution are kept, up to the user's limit", () => {
  const all = [
    torrent('a.1080p', { seeders: 1 }),
    torrent('b.1080p', { seeders: 3 }),
    torrent('c.1080p', { seeders: 2 }),
    torrent('d.720p'),
  ]
  expect(arranged(all, { maxPerResolution: 2 })).toEqual({
    kept: ['b.1080p', 'c.1080p', 'd.720p'],
    dropped: [['a.1080p', 'there are 2 better ones of 1080']],
  })
})

test('links of other addons are filtered and sorted like torrents', () => {
  const link: Found = {
    kind: 'pass-through',
    url: 'https://a.org/1',
    title: 'Film.2020.720p.CAM',
    size: { bytes: 3 * GB, of: 'file', exact: true },
    upstream: { hints: { videoSize: 3 * GB } },
    subtitles: [],
  }
  expect(arranged([link, torrent('Film.1080p')]).kept).toEqual(['Film.1080p', 'Film.2020.720p.CAM'])
  expect(arranged([link], { maxBytes: GB }).kept).toEqual([])
  expect(arranged([link], { excludedWords: ['cam'] }).kept).toEqual([])
})

test.for<readonly [string, readonly string[], boolean]>([
  ['Show.S01.1080p', [], true],
  ['Show.S01E02.1080p', [], false],
  ['Show', ['Show/E01.mkv', 'Show/E02.mkv'], true],
  ['Show.S01E02', ['Show.S01E02.mkv', 'Show.S01E02.nfo', 'Sample/Show.S01E02.sample.mkv'], false],
])('whether "%s" with files %j is a pack: %s', ([name, paths, isPack]) => {
  const files = paths.map((path, at) => {
    return { path, name: path.split('/').at(-1) ?? '', length: 1_000, offset: at * 1_000, isPadding: false }
  })
  expect(describe(torrent(name, { files })).isPack).toBe(isPack)
})
