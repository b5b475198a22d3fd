import { expect, test } from 'vitest'
import { apiOf } from '../support/api-client.ts'
import { leaveCompleteTorrent } from '../support/earlier-run.ts'
import { torrentFile } from '../support/indexed-torrent.ts'
import { startOtherAddon } from '../support/other-addon.ts'
import { patternBytes } from '../support/pattern-bytes.ts'
import { send } from '../support/send.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestApp } from '../support/test-app.ts'
import { startTorznabServer } from '../support/torznab-server.ts'

interface Explanation {
  readonly device?: string
  readonly delivery: string
  readonly config: string
  readonly wish: object
  readonly sources: readonly { source: string; outcome: string; found: number; why?: string }[]
  readonly listed: readonly Explained[]
  readonly dropped: readonly (Explained & { why: string })[]
}

interface Explained {
  readonly title: string
  readonly infoHash?: string
  readonly [fact: string]: unknown
}

test('the owner gets an explanation of a list', async () => {
  await using folder = await temporaryFolder()
  const onDisk = await leaveCompleteTorrent({
    root: folder.path,
    files: [1, 2, 3].map((n) => ({ name: `Show.S01E0${n}.mkv`, bytes: patternBytes(200_000, `${n}`) })),
  })
  const wrong = torrentFile('Show S01', [
    ['Show.S01E03.mkv', 1_000],
    ['Show.S01E04.mkv', 900],
  ])
  await using indexer = await startTorznabServer({
    torrents: [
      { title: 'Show.S01.480p', imdbId: 'tt7', infoHash: onDisk.infoHash, seeders: 2 },
      { title: 'Show.S01.1080p', imdbId: 'tt7', torrent: wrong.bytes },
      { title: 'Show.S01E02.HDCAM', imdbId: 'tt7', infoHash: 'a'.repeat(40) },
      { title: 'Show.S01E02.720p', imdbId: 'tt7', infoHash: 'b'.repeat(40), seeders: 7 },
      { title: 'Show.S01.E09.720p', imdbId: 'tt7', infoHash: 'e'.repeat(40) },
    ],
  })
  await using addon = await startOtherAddon({
    streams: {
      'series/tt7:1:2': [
        { infoHash: 'c'.repeat(40), fileIdx: 4 },
        { name: 'Link', url: 'https://a.org/2' },
      ],
    },
  })
  await using broken = await startOtherAddon({ onStreams: (_req, res) => res.writeHead(500).end() })
  await using app = await startTestApp({
    TORZNAB_URL: indexer.api,
    UPSTREAM_ADDONS: `${addon.manifestUrl} ${broken.manifestUrl}`,
    TORRENT_DOWNLOAD_PATH: folder.path,
  })
  const { ask } = apiOf(app.url)
  const { status, body } = await ask<Explanation>(
    'GET',
    '/api/explain/stream/series/tt7:1:2?config=proxy.v1.not=hdcam',
  )
  expect(status).toBe(200)
  expect(body).toMatchObject({
    video: { kind: 'episode', id: 'tt7', season: 1, episode: 2 },
    delivery: 'proxy',
    config: 'proxy.v1.not=hdcam',
    wish: { kind: 'episode', season: 1, episode: 2 },
  })
  expect(body.sources.map(({ outcome, found }) => [outcome, found])).toEqual([
    ['answered', 0],
    ['answered', 2],
    ['failed', 0],
    ['answered', 4],
    ['answered', 0],
  ])
  expect(body.sources[2]?.why).toContain('500')
  expect(body.sources[3]).toMatchObject({ dropped: [{ name: 'Show.S01.E09.720p', why: 'of S01E09' }] })
  expect(body.listed).toMatchObject([
    {
      place: 1,
      infoHash: onDisk.infoHash,
      rank: { disk: 'whole', resolution: '480', seeders: 2 },
      onDisk: { share: 1, bytes: 200_000, videoHash: expect.stringMatching(/^[0-9a-f]{16}$/) },
      file: {
        chosenBy: expect.stringContaining('metadata on disk'),
        index: 1,
        path: 'Show.S01E02.mkv',
        score: 100,
        reasons: ['S01E02, as its name says'],
        considered: [
          { path: 'Show.S01E01.mkv', score: 0, reasons: ['S01E01'] },
          { path: 'Show.S01E03.mkv', score: 0 },
        ],
      },
    },
    {
      place: 2,
      infoHash: 'b'.repeat(40),
      foundBy: [expect.any(String)],
      rank: { disk: 'none', resolution: '720', seeders: 7 },
      file: { chosenBy: 'the proxy, when the metadata comes' },
    },
    { place: 3, infoHash: 'c'.repeat(40), fileIdx: 4, file: { chosenBy: 'the source, which names it' } },
    { place: 4, kind: 'pass-through', title: 'Link' },
  ])
  expect(body.dropped).toMatchObject([
    {
      infoHash: wrong.infoHash,
      why: 'none of 2 videos is S01E02',
      file: { refused: 'none of 2 videos is S01E02' },
    },
    { infoHash: 'a'.repeat(40), why: 'its name says "hdcam"' },
  ])

  const listed = await send(`${app.url}/proxy.v1.not=hdcam/stream/series/tt7:1:2.json`)
  const urls = (listed.json as { streams: { url: string }[] }).streams.map(({ url }) => url)
  expect(urls).toEqual(body.listed.map(({ infoHash = 'a.org' }) => expect.stringContaining(infoHash)))
})

test('an explanation may name the device', async () => {
  await using app = await startTestApp()
  const { ask } = apiOf(app.url)
  const path = '/api/explain/stream/movie/tt1254207'
  expect((await ask<Explanation>('GET', path)).body.delivery).toBe('both')
  const { body } = await ask<Explanation>(
    'GET',
    `${path}?ua=${encodeURIComponent('Stremio-Apple/0.5.1 (iPhone15,4)')}`,
  )
  expect([body.device, body.delivery, body.config]).toEqual(['stremio-apple', 'proxy', 'auto'])
})

test('a request for an explanation that makes no sense is refused with a reason', async () => {
  await using app = await startTestApp()
  const { ask } = apiOf(app.url)
  for (const [path, words] of [
    ['series/tt1', 'is not an episode id'],
    ['movie/tt1?config=fast', 'is not a config'],
    ['movie/tt1?config=auto.v2', 'expected "v1" instead of "v2"'],
    ['movie/tt1?user=1', 'expected config, ua'],
  ] as const) {
    const { status, body } = await ask('GET', `/api/explain/stream/${path}`)
    expect([status, body.error], path).toEqual([400, 'request.invalid'])
    expect(body.message).toContain(words)
  }
})
