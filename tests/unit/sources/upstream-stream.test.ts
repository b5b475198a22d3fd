import { expect, test } from 'vitest'
import { readStream } from '../../../src/sources/upstream-stream.ts'

const HASH = 'abcdef0123456789abcdef0123456789abcdef01'
const BASE32_OF_HASH = 'VPG66AJDIVTYTK6N54ASGRLHRGV433YB'
const FILM = { kind: 'movie', id: 'tt1' } as const
const EPISODE = { kind: 'episode', id: 'tt1', season: 1, episode: 2 } as const

test('a torrent is read with all facts that the addon gives', () => {
  const description = 'Show.S01.1080p.WEB.H264-GROUP\nShow.S01E02.mkv\n👤 57 💾 1.5 GB ⚙️ Indexer'
  const hints = {
    bingeGroup: 'other|1080p',
    filename: 'Show.S01E02.mkv',
    videoSize: 1_610_612_736,
    videoHash: '8e245d9679d31e12',
  }
  const found = readStream(
    {
      name: 'Other\n1080p',
      title: description,
      infoHash: HASH.toUpperCase(),
      fileIdx: 3,
      sources: [
        'tracker:udp://a.example.org:1',
        'dht:abc',
        'tracker:udp://a.example.org:1',
        'tracker:http://127.0.0.1/x',
      ],
      behaviorHints: { ...hints, madeUp: 1 },
    },
    EPISODE,
  )
  expect(found).toEqual({
    kind: 'torrent',
    infoHash: HASH,
    file: { kind: 'file', fileIdx: 3 },
    title: 'Show.S01.1080p.WEB.H264-GROUP',
    releaseName: 'Show.S01.1080p.WEB.H264-GROUP',
    trackers: ['udp://a.example.org:1'],
    fileName: 'Show.S01E02.mkv',
    size: { bytes: 1_610_612_736, of: 'file', exact: true },
    seeders: 57,
    upstream: { name: 'Other\n1080p', description, hints },
  })
})

test('a torrent with nothing but a hash gets no made-up facts', () => {
  expect(readStream({ infoHash: HASH }, FILM)).toEqual({
    kind: 'torrent',
    infoHash: HASH,
    file: { kind: 'main' },
    title: 'tt1',
    trackers: [],
    upstream: { hints: {} },
  })
})

test.for([
  [0, 0],
  [65_535, 65_535],
  [undefined, undefined],
  [null, undefined],
  [-1, undefined],
  [1.5, undefined],
  ['1', 1],
  [Number.NaN, undefined],
  [65_536, undefined],
  ['4', 4],
  ['0', 0],
  ['70000', undefined],
  ['-1', undefined],
  ['4.5', undefined],
  ['0x4', undefined],
] as const)('fileIdx %j means file %j', ([fileIdx, expected]) => {
  const found = readStream({ infoHash: HASH, fileIdx }, FILM)
  expect(found?.kind === 'torrent' && found.file).toEqual(
    expected === undefined ? { kind: 'main' } : { kind: 'file', fileIdx: expected },
  )
})

test('a torrent without a file index names the episode instead', () => {
  expect(readStream({ infoHash: HASH }, EPISODE)).toMatchObject({
    file: { kind: 'episode', season: 1, episode: 2 },
  })
  expect(readStream({ infoHash: HASH, fileIdx: 1 }, EPISODE)).toMatchObject({
    file: { kind: 'file', fileIdx: 1 },
  })
  expect(readStream({ infoHash: HASH }, FILM)).not.toHaveProperty('wish')
})

test('a torrent may be given as a magnet link', () => {
  const url = `magnet:?xt=urn:btih:${BASE32_OF_HASH}&tr=udp%3A%2F%2Fb.example.org%3A1`
  expect(readStream({ url }, FILM)).toMatchObject({ infoHash: HASH, trackers: ['udp://b.example.org:1'] })
})

test('a link is passed on as it is', () => {
  const hints = {
    notWebReady: true,
    bingeGroup: 'x',
    proxyHeaders: { request: { Referer: 'https://a.org' }, response: {} },
  }
  const subtitles = [{ id: '1', url: 'https://a.org/1.srt', lang: 'eng' }]
  const stream = {
    name: 'Other',
    description: 'A film',
    url: 'https://a.org/film.mp4?x=1',
    behaviorHints: hints,
  }
  expect(
    readStream(
      { ...stream, subtitles: [...subtitles, { id: 2 }, { id: '3', url: 'file:///x', lang: 'eng' }] },
      FILM,
    ),
  ).toEqual({
    kind: 'pass-through',
    url: 'https://a.org/film.mp4?x=1',
    title: 'A film',
    releaseName: 'A film',
    upstream: { name: 'Other', description: 'A film', hints },
    subtitles,
  })
})

test('a stream with both a link and a hash is a link, as in Stremio', () => {
  expect(readStream({ url: 'https://a.org/film.mp4', infoHash: HASH }, FILM)?.kind).toBe('pass-through')
})

test.for([
  null,
  5,
  'text',
  [],
  {},
  { infoHash: 'too short' },
  { infoHash: 5 },
  { url: 'file:///etc/passwd' },
  { url: 'javascript:alert(1)' },
  { url: '/relative.mp4' },
  { url: 'http://' },
  { ytId: 'abc' },
  { externalUrl: 'https://a.org' },
  { nzbUrl: 'https://a.org' },
])('%j is not a stream that a device can open', (entry) => {
  expect(readStream(entry, FILM)).toBeUndefined()
})

test.for([
  { behaviorHints: 5 },
  {
    behaviorHints: {
      videoSize: 'five',
      videoHash: 'x',
      filename: 5,
      notWebReady: 'yes',
      proxyHeaders: 5,
      bingeGroup: '',
    },
  },
  { name: 5, title: {}, description: [], sources: 'tracker:udp://a.org:1', subtitles: {} },
  { sources: [5, null, 'tracker:', 'tracker:x', 'udp://a.org:1'] },
])('invalid fields in %j do not affect the others', (rubbish) => {
  expect(readStream({ infoHash: HASH, ...rubbish }, FILM)).toEqual(readStream({ infoHash: HASH }, FILM))
})

test.for([
  [
    { description: '💾 1.5 GB', behaviorHints: { videoSize: 7 } },
    { bytes: 7, of: 'file', exact: true },
  ],
  [{ description: '💾 1.5 GB' }, { bytes: 1.5 * 1024 ** 3, of: 'file', exact: false }],
  [{}, undefined],
] as const)('the size of a link or torrent with %j is %j', ([stated, size]) => {
  for (const place of [{ url: 'https://a.org/1.mp4' }, { infoHash: HASH }])
    expect(readStream({ ...place, ...stated }, FILM)?.size).toEqual(size)
})

test('overlong text is cut', () => {
  const found = readStream(
    { infoHash: HASH, name: 'x'.repeat(1e6), description: '\u{1f3ac}'.repeat(1e6) },
    FILM,
  )
  expect(JSON.stringify(found).length).toBeLessThan(3_000)
  expect(found?.upstream?.description?.isWellFormed()).toBe(true)
})

test.for([
  [1_234, 1_234],
  ['1234', 1_234],
  ['1400000000', 1_400_000_000],
  ['0', undefined],
  ['1.4 GB', undefined],
  ['', undefined],
] as const)('videoSize %j means %j bytes', ([videoSize, expected]) => {
  const found = readStream({ infoHash: HASH, behaviorHints: { videoSize } }, FILM)
  expect(found?.kind === 'torrent' && found.size).toEqual(
    expected && { bytes: expected, of: 'file', exact: true },
  )
})
