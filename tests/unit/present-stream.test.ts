import { expect, test } from 'vitest'
import { presentStreams } from '../../src/addon/present-stream.ts'
import type { Candidate } from '../../src/domain/candidate.ts'
import { type InfoHash, parseInfoHash } from '../../src/domain/info-hash.ts'

const HASH = parseInfoHash('DD8255ECDC7CA55FB0BBF81323D87062DB1F6D1C') as InfoHash
const FILM: Candidate = {
  kind: 'torrent',
  infoHash: HASH,
  title: 'Big Buck Bunny',
  trackers: [],
  bingeKey: 'tt1|',
}
const KNOWN: Candidate = {
  ...FILM,
  fileIdx: 1,
  fileName: 'Big Buck Bunny.mp4',
  sizeBytes: 276_134_947,
  quality: '1080p',
  trackers: ['udp://own.org:1'],
}
const OPTIONS = { baseUrl: 'http://192.168.1.5:7000', trackers: ['udp://all.org:1'] }

test('a magnet stream is a torrent, and no link', () => {
  expect(presentStreams(KNOWN, 'magnet', OPTIONS)).toEqual([
    {
      name: 'self-streme P2P\n1080p',
      description: expect.stringMatching(/^Big Buck Bunny\nBig Buck Bunny\.mp4\n0\.28 GB/),
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

test('a proxy stream is a link, and no torrent', () => {
  expect(presentStreams(KNOWN, 'proxy', OPTIONS)).toEqual([
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

test('both are two objects, the proxy first', () => {
  expect(presentStreams(KNOWN, 'both', OPTIONS)).toEqual([
    ...presentStreams(KNOWN, 'proxy', OPTIONS),
    ...presentStreams(KNOWN, 'magnet', OPTIONS),
  ])
})

test('what is not known is left out', () => {
  const [proxy, magnet] = presentStreams(FILM, 'both', { ...OPTIONS, trackers: [] })
  expect(proxy?.url).toBe(`http://192.168.1.5:7000/stream/proxy/${HASH}`)
  expect(Object.keys(proxy?.behaviorHints ?? {}).toSorted()).toEqual(['bingeGroup', 'notWebReady'])
  expect(magnet).not.toHaveProperty('fileIdx')
  expect(magnet?.sources).toEqual([`dht:${HASH}`])
  expect(magnet?.behaviorHints).toEqual({ bingeGroup: expect.any(String) })
})

test('the first file of a torrent is known', () => {
  const [proxy, magnet] = presentStreams({ ...FILM, fileIdx: 0 }, 'both', OPTIONS)
  expect(proxy?.url).toMatch(/\/0$/)
  expect(magnet?.fileIdx).toBe(0)
})

test.for([
  ['http://a', 'film.mp4', true],
  ['https://a', 'film.mkv', true],
  ['https://a', undefined, true],
  ['https://a', 'film.mp4.mkv', true],
  ['https://a', 'film.mp4', false],
  ['https://a', 'FILM.MP4', false],
] as const)('over %s, "%s" has notWebReady %s', ([baseUrl, fileName, notWebReady]) => {
  const candidate: Candidate = { ...FILM, fileIdx: 0, ...(fileName ? { fileName } : {}) }
  const [proxy] = presentStreams(candidate, 'proxy', { ...OPTIONS, baseUrl })
  expect(proxy?.behaviorHints.notWebReady).toBe(notWebReady)
})

test('our own links never ask for headers', () => {
  expect(JSON.stringify(presentStreams(KNOWN, 'both', OPTIONS))).not.toContain('proxyHeaders')
})

test.for(['a/b.mkv', 'a b?c#d%.mkv', '日本語.mkv', '"&+;.mkv'])(
  'the name "%s" stands in a link as one part of the path',
  (fileName) => {
    const [proxy] = presentStreams({ ...KNOWN, fileName }, 'proxy', OPTIONS)
    const { pathname, searchParams, hash } = new URL(proxy?.url ?? '')
    expect(pathname.split('/').map(decodeURIComponent)).toEqual(['', 'stream', 'proxy', HASH, '1', fileName])
    expect([searchParams.getAll('tr'), hash]).toEqual([['udp://own.org:1'], ''])
  },
)

test('half a letter in a name stands in a link as a sign for what cannot be read', () => {
  const [proxy] = presentStreams({ ...KNOWN, fileName: 'a\ud83c.mkv' }, 'proxy', OPTIONS)
  expect(new URL(proxy?.url ?? '').pathname).toBe(`/stream/proxy/${HASH}/1/a%EF%BF%BD.mkv`)
})

test("a link carries the torrent's own trackers, and not those that the server asks anyway", () => {
  const trackers = ['http://a.org/announce?key=1&x=2', 'udp://b.org:1']
  const [proxy] = presentStreams({ ...FILM, trackers }, 'proxy', OPTIONS)
  expect(new URL(proxy?.url ?? '').searchParams.getAll('tr')).toEqual(trackers)
})

test("a tracker that is both its own and everybody's is named once", () => {
  const [magnet] = presentStreams({ ...FILM, trackers: OPTIONS.trackers }, 'magnet', OPTIONS)
  expect(magnet?.sources).toEqual(['tracker:udp://all.org:1', `dht:${HASH}`])
})

test('the next episode is found by a group that is the same for all, but not for both ways', () => {
  const episodes = ['a', 'b'].map(
    (letter): Candidate => ({ ...FILM, infoHash: letter.repeat(40) as InfoHash, title: letter }),
  )
  const groups = episodes.map((each) =>
    presentStreams(each, 'both', OPTIONS).map(({ behaviorHints }) => behaviorHints.bingeGroup),
  )
  expect(groups[0]).toEqual(groups[1])
  expect(new Set(groups[0]).size).toBe(2)
})
