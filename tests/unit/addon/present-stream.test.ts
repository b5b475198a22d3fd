import { expect, test } from 'vitest'
import { type PresentOptions, presentStreams } from '../../../src/addon/present-stream.ts'
import { type InfoHash, parseInfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import type { Candidate } from '../../../src/domain/list/candidate.ts'
import type { Delivery } from '../../../src/domain/list/device.ts'
import { describe, type OnDisk } from '../../../src/domain/list/listing.ts'

const HASH = parseInfoHash('DD8255ECDC7CA55FB0BBF81323D87062DB1F6D1C') as InfoHash
const FILM: Candidate = {
  kind: 'torrent',
  file: { kind: 'main' },
  infoHash: HASH,
  title: 'Big Buck Bunny',
  trackers: [],
  bingeKey: 'tt1|',
}
const KNOWN: Candidate = {
  ...FILM,
  file: { kind: 'file', fileIdx: 1 },
  fileName: 'Big Buck Bunny.mp4',
  size: { bytes: 276_134_947, of: 'file', exact: true },
  quality: '1080p',
  trackers: ['udp://own.org:1'],
}
const OPTIONS = { baseUrl: 'http://192.168.1.5:7000', trackers: ['udp://all.org:1'] }

function present(candidate: Candidate, delivery: Delivery, options: PresentOptions = OPTIONS, disk?: OnDisk) {
  return presentStreams(describe(candidate, disk), delivery, options)
}

test('a magnet stream is a torrent without a link', () => {
  expect(present(KNOWN, 'magnet', OPTIONS)).toEqual([
    {
      name: 'self-streme P2P\n1080p',
      description: '1080p · 0.28 GB · Big Buck Bunny.mp4\nBig Buck Bunny',
      infoHash: 'dd8255ecdc7ca55fb0bbf81323d87062db1f6d1c',
      fileIdx: 1,
      sources: ['tracker:udp://own.org:1', 'tracker:udp://all.org:1', `dht:${HASH}`],
      behaviorHints: {
        bingeGroup: expect.any(String),
        filename: 'Big Buck Bunny.mp4',
        videoSize: 276_134_947,
      },
    },
  ])
})

test('a proxy stream is a link without a torrent', () => {
  expect(present(KNOWN, 'proxy', OPTIONS)).toEqual([
    {
      name: 'self-streme Server\n1080p',
      description: expect.stringContaining('Big Buck Bunny'),
      url: `http://192.168.1.5:7000/stream/proxy/${HASH}/1/Big%20Buck%20Bunny.mp4?tr=udp%3A%2F%2Fown.org%3A1`,
      behaviorHints: {
        bingeGroup: expect.any(String),
        filename: 'Big Buck Bunny.mp4',
        videoSize: 276_134_947,
        notWebReady: true,
      },
    },
  ])
})

test('delivery "both" gives two streams, the proxy first', () => {
  expect(present(KNOWN, 'both', OPTIONS)).toEqual([
    ...present(KNOWN, 'proxy', OPTIONS),
    ...present(KNOWN, 'magnet', OPTIONS),
  ])
})

test.for(['magnet', 'both', 'proxy'] as const)(
  'a file that no swarm has is a link, also for "%s"',
  (delivery) => {
    const local = { ...KNOWN, isLocal: true }
    expect(present(local, delivery)).toEqual(present(KNOWN, 'proxy'))
  },
)

test.for(['magnet', 'both', 'proxy'] as const)(
  'a private torrent is a link without trackers, also for "%s", and names the episode',
  (delivery) => {
    const secret = {
      isPrivate: true,
      trackers: ['https://t.example.org/announce?passkey=1', 'udp://all.org:1'],
    }
    const [stream, ...others] = present({ ...KNOWN, ...secret }, delivery)
    expect(others).toEqual([])
    expect(stream?.url).toBe(
      `http://192.168.1.5:7000/stream/proxy/${HASH}/1/Big%20Buck%20Bunny.mp4?private=1`,
    )
    expect(stream).not.toHaveProperty('infoHash')
    expect(stream).not.toHaveProperty('sources')
    const [episode] = present(
      { ...FILM, ...secret, file: { kind: 'episode', season: 1, episode: 2 } },
      delivery,
    )
    expect(episode?.url).toMatch(/\/s1e2\/Big%20Buck%20Bunny\.mkv\?private=1$/)
    expect(JSON.stringify([stream, episode])).not.toContain('example.org')
  },
)

test('unknown facts are left out of a stream', () => {
  const [proxy, magnet] = present(FILM, 'both', { ...OPTIONS, trackers: [] })
  expect(proxy?.url).toBe(`http://192.168.1.5:7000/stream/proxy/${HASH}/main/Big%20Buck%20Bunny.mkv`)
  expect(Object.keys(proxy?.behaviorHints ?? {}).toSorted()).toEqual([
    'bingeGroup',
    'filename',
    'notWebReady',
  ])
  expect(magnet).not.toHaveProperty('fileIdx')
  expect(magnet?.sources).toEqual([`dht:${HASH}`])
  expect(magnet?.behaviorHints).toEqual({ bingeGroup: expect.any(String), filename: 'Big Buck Bunny.mkv' })
})

test('file index 0 is written like any other', () => {
  const [proxy, magnet] = present({ ...FILM, file: { kind: 'file', fileIdx: 0 } }, 'both', OPTIONS)
  expect(proxy?.url).toMatch(/\/0\/Big%20Buck%20Bunny\.mkv$/)
  expect(magnet?.fileIdx).toBe(0)
})

test.for([
  ['http://a', 'film.mp4', true],
  ['https://a', 'film.mkv', true],
  ['https://a', undefined, true],
  ['https://a', 'film.mp4.mkv', true],
  ['https://a', 'film.mp4', false],
  ['https://a', 'FILM.MP4', false],
] as const)('over %s, file "%s" gets notWebReady %s', ([baseUrl, fileName, notWebReady]) => {
  const candidate: Candidate = {
    ...FILM,
    file: { kind: 'file', fileIdx: 0 },
    ...(fileName ? { fileName } : {}),
  }
  const [proxy] = present(candidate, 'proxy', { ...OPTIONS, baseUrl })
  expect(proxy?.behaviorHints.notWebReady).toBe(notWebReady)
})

test('our own links never ask for proxy headers', () => {
  expect(JSON.stringify(present(KNOWN, 'both', OPTIONS))).not.toContain('proxyHeaders')
})

test.for(['a/b.mkv', 'a b?c#d%.mkv', '日本語.mkv', '"&+;.mkv'])(
  'the name "%s" is one part of the path in a link',
  (fileName) => {
    const [proxy] = present({ ...KNOWN, fileName }, 'proxy', OPTIONS)
    const { pathname, searchParams, hash } = new URL(proxy?.url ?? '')
    expect(pathname.split('/').map(decodeURIComponent)).toEqual(['', 'stream', 'proxy', HASH, '1', fileName])
    expect([searchParams.getAll('tr'), hash]).toEqual([['udp://own.org:1'], ''])
  },
)

test('half a surrogate pair in a name is written as a replacement character in the link', () => {
  const [proxy] = present({ ...KNOWN, fileName: 'a\ud83c.mkv' }, 'proxy', OPTIONS)
  expect(new URL(proxy?.url ?? '').pathname).toBe(`/stream/proxy/${HASH}/1/a%EF%BF%BD.mkv`)
})

test("a link has the torrent's own trackers, without those of the settings", () => {
  const trackers = ['http://a.org/announce?key=1&x=2', 'udp://b.org:1']
  const [proxy] = present({ ...FILM, trackers }, 'proxy', OPTIONS)
  expect(new URL(proxy?.url ?? '').searchParams.getAll('tr')).toEqual(trackers)
})

test('a tracker of both the torrent and the settings is listed once', () => {
  const [magnet] = present({ ...FILM, trackers: OPTIONS.trackers }, 'magnet', OPTIONS)
  expect(magnet?.sources).toEqual(['tracker:udp://all.org:1', `dht:${HASH}`])
})

test('all episodes have the same binge group, but proxy and magnet streams have different ones', () => {
  const episodes = ['a', 'b'].map(
    (letter): Candidate => ({ ...FILM, infoHash: letter.repeat(40) as InfoHash, title: letter }),
  )
  const groups = episodes.map((each) =>
    present(each, 'both', OPTIONS).map(({ behaviorHints }) => behaviorHints.bingeGroup),
  )
  expect(groups[0]).toEqual(groups[1])
  expect(new Set(groups[0]).size).toBe(2)
})

const WHOLE: OnDisk = { share: 1, size: 4_000_000_000, name: 'on-disk.mkv' }

test.for<readonly [string, Partial<Candidate>, OnDisk | undefined, string]>([
  ['nothing known', {}, undefined, 'Big Buck Bunny'],
  ['whole', { seeders: 5 }, WHOLE, '⚡ on disk · 4.00 GB · on-disk.mkv'],
  ['all but the last byte', {}, { ...WHOLE, share: 0.9999 }, '⬇ 99 % · 4.00 GB · on-disk.mkv'],
  ['a part', { seeders: 5 }, { ...WHOLE, share: 0.437 }, '⬇ 43 % · 👤 5 · 4.00 GB · on-disk.mkv'],
  ['one percent', {}, { ...WHOLE, share: 0.01 }, '⬇ 1 % · 4.00 GB · on-disk.mkv'],
  ['next to nothing', { seeders: 0 }, { ...WHOLE, share: 0.009 }, '👤 0 · 4.00 GB · on-disk.mkv'],
  [
    'seeders',
    { seeders: 12, size: { bytes: 1_234_567_890, of: 'file', exact: true } },
    undefined,
    '👤 12 · 1.23 GB · Big Buck Bunny',
  ],
  [
    'a size that is only roughly known',
    { size: { bytes: 1_500_000_000, of: 'file', exact: false } },
    undefined,
    '1.50 GB · Big Buck Bunny',
  ],
])('the first line of a video with %s says so', ([, more, disk, line]) => {
  const [stream] = present({ ...FILM, ...more }, 'proxy', OPTIONS, disk)
  expect(stream?.description.split('\n')[0]).toBe(line)
})

test.for([
  [0, '⚠ no peers just now'],
  [59_999, '⚠ no peers just now'],
  [120_000, '⚠ no peers 2 min ago'],
  [599_000, '⚠ no peers 10 min ago'],
] as const)('both streams say that a film was waited for in vain %i ms ago', ([withoutPeersMs, said]) => {
  const listed = { ...describe({ ...FILM, seeders: 7 }), withoutPeersMs }
  for (const { description } of presentStreams(listed, 'both', OPTIONS)) expect(description).toContain(said)
})

test('a magnet stream says nothing about our disk', () => {
  const [proxy, magnet] = present({ ...FILM, seeders: 3 }, 'both', OPTIONS, WHOLE)
  expect(proxy?.description).toContain('⚡ on disk')
  expect(magnet?.description).toContain('👤 3')
  expect(magnet?.description).not.toContain('⚡')
})

test('a file on disk gives its name, size and hash, so that subtitles can be found', () => {
  const [stream] = present(FILM, 'proxy', OPTIONS, { ...WHOLE, videoHash: '8e245d9679d31e12' })
  expect(stream?.behaviorHints).toMatchObject({
    filename: 'on-disk.mkv',
    videoSize: 4_000_000_000,
    videoHash: '8e245d9679d31e12',
  })
})

test('lines are short enough for a TV, however long the release name is', () => {
  const title = `Show.S01E02.${'The.Long.One.'.repeat(10)}1080p.WEB-DL.DDP5.1.H.264-${'G'.repeat(30)}`
  const streams = present({ ...KNOWN, title, releaseName: title, fileName: `${title}.mkv` }, 'both')
  for (const line of streams.flatMap(({ name, description }) => `${name}\n${description}`.split('\n')))
    expect([...line].length, line).toBeLessThanOrEqual(60)
})

test('a stream shows what the release name says', () => {
  const title = 'Film.2020.2160p.WEB-DL.HDR.DDP5.1.HEVC-GRP'
  const [stream] = present({ ...FILM, title, releaseName: title }, 'proxy')
  expect(stream?.name).toBe('self-streme Server\n2160p HDR')
  expect(stream?.description.split('\n').at(-1)).toMatch(/^WEB-DL · .* · GRP$/)
})

test('a link names the episode when its file is not known', () => {
  const file = { kind: 'episode', season: 1, episode: 2 } as const
  const [proxy] = present({ ...FILM, file, trackers: ['udp://own.org:1'] }, 'proxy')
  expect(proxy?.url).toBe(
    `http://192.168.1.5:7000/stream/proxy/${HASH}/s1e2/Big%20Buck%20Bunny.mkv?tr=udp%3A%2F%2Fown.org%3A1`,
  )
  const whichOf = ([stream]: readonly { readonly url?: string }[]) => stream?.url?.split('/')[6]
  expect(whichOf(present({ ...FILM, file: { kind: 'episode', season: 0, episode: 0 } }, 'proxy'))).toBe(
    's0e0',
  )
  expect(whichOf(present({ ...FILM, file: { kind: 'episode', episode: 5 } }, 'proxy'))).toBe('e5')
  expect(whichOf(present({ ...FILM, file: { kind: 'file', fileIdx: 4 } }, 'proxy'))).toBe('4')
})

test.for<readonly [string, Partial<Candidate>]>([
  ['without any details', {}],
  ['for a file that is only known by its place', { file: { kind: 'file', fileIdx: 7 } }],
  [
    'with an episode still to choose',
    { file: { kind: 'episode', season: 3, episode: 4 }, releaseName: 'Show.S03.1080p' },
  ],
  [
    'called by a name that is no file name',
    { file: { kind: 'file', fileIdx: 2 }, fileName: 'Show S01E02?tr=udp://t.org' },
  ],
  ['called by a title alone that looks like a link', { title: 'http://t.org/announce?key=1&a=b' }],
  ['that is private', { isPrivate: true, file: { kind: 'episode', episode: 9 } }],
  ['that is no torrent', { isLocal: true, file: { kind: 'file', fileIdx: 0 } }],
])('an entry %s has a file name, at the end of its link and before the trackers', ([, more]) => {
  const trackers = ['udp://own.org:1', 'http://b.org/announce?key=1&x=2']
  for (const stream of present({ ...FILM, trackers, ...more }, 'both')) {
    expect(stream.behaviorHints.filename).toMatch(/^[^?=&/:]+\.mkv$|^[^?/:]+\.mkv$/)
    if (stream.url === undefined) continue
    const { pathname, searchParams } = new URL(stream.url)
    expect(decodeURIComponent(pathname.split('/').at(-1) ?? '')).toBe(stream.behaviorHints.filename)
    expect(pathname).not.toMatch(/[=&]/)
    expect([...new Set(searchParams.keys())]).toEqual([more.isPrivate ? 'private' : 'tr'])
  }
})
