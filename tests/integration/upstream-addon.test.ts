import { expect, test } from 'vitest'
import type { VideoId } from '../../src/domain/video-id.ts'
import type { Source } from '../../src/sources/source.ts'
import { createUpstreamAddon } from '../../src/sources/upstream-addon.ts'
import { startForwardProxy } from '../support/forward-proxy.ts'
import { type OtherAddonOptions, startOtherAddon } from '../support/other-addon.ts'
import { recordingLog } from '../support/recording-log.ts'
import { openRemoteServer } from '../support/remote-server.ts'

const HASH = 'a'.repeat(40)
const FILM: VideoId = { kind: 'movie', id: 'tt1' }
const EPISODE: VideoId = { kind: 'episode', id: 'tt5', season: 1, episode: 2 }
const { signal } = new AbortController()

/** Another addon, and the source that requests it. */
async function startPair(options: OtherAddonOptions = {}, path = '/manifest.json', proxy?: string) {
  await using starting = new AsyncDisposableStack()
  const addon = starting.use(await startOtherAddon(options))
  const url = `${addon.url}${path}`
  const server = starting.use(openRemoteServer({ trusted: [url], proxy, userAgent: 'self-streme/1.0.0' }))
  const { log, events } = recordingLog()
  const source: Source = createUpstreamAddon({ name: 'other', url, instance: 'one' }, server, log)
  const parts = starting.move()
  return { addon, source, events, [Symbol.asyncDispose]: () => parts.disposeAsync() }
}

test('torrents and links of another addon are found', async () => {
  const streams = [
    {
      name: 'Other',
      description: 'Show.S01\n👤 7 💾 2 GB',
      infoHash: HASH,
      fileIdx: 4,
      sources: ['tracker:udp://a.org:1'],
    },
    { name: 'Other', url: 'https://a.org/film.mp4', behaviorHints: { notWebReady: true } },
    { ytId: 'abc' },
  ]
  await using pair = await startPair({ streams: { 'series/tt5:1:2': streams } })
  expect(await pair.source.find(EPISODE, signal)).toMatchObject([
    {
      kind: 'torrent',
      infoHash: HASH,
      file: { kind: 'file', fileIdx: 4 },
      seeders: 7,
      trackers: ['udp://a.org:1'],
    },
    { kind: 'pass-through', url: 'https://a.org/film.mp4', upstream: { hints: { notWebReady: true } } },
  ])
  expect(await pair.source.find(FILM, signal)).toEqual([])
  expect(pair.addon.asked).toEqual([
    '/manifest.json',
    '/stream/series/tt5%3A1%3A2.json',
    '/stream/movie/tt1.json',
  ])
})

test('another addon gets our name, and nothing about the viewer', async () => {
  await using pair = await startPair()
  await pair.source.find(FILM, signal)
  expect(pair.addon.requests.map(({ headers }) => headers)).toEqual(
    Array.from({ length: 2 }, () => ({
      host: new URL(pair.addon.url).host,
      connection: 'keep-alive',
      'user-agent': 'self-streme/1.0.0',
      'accept-encoding': 'gzip, br',
      'self-streme-asker': 'one',
    })),
  )
})

test.for([
  ['a type that it does not have', { manifest: { types: ['series'] } }, FILM],
  ['an id that it does not know', { manifest: { idPrefixes: ['kitsu:'] } }, FILM],
  ['anything, if it has no streams', { manifest: { resources: [{ name: 'meta', types: ['movie'] }] } }, FILM],
  [
    "the user's own films",
    { manifest: { idPrefixes: undefined } },
    { kind: 'movie', id: 'selfstreme:holidays' },
  ],
] as const)('another addon is not asked for %s', async ([, options, video]) => {
  const base = {
    id: 'a',
    version: '1.0.0',
    name: 'A',
    resources: ['stream'],
    types: ['movie', 'series'],
    catalogs: [],
  }
  const manifest = JSON.stringify({ ...base, idPrefixes: ['tt'], ...options.manifest })
  await using pair = await startPair({ onManifest: (_req, res) => res.end(manifest) })
  expect(await pair.source.find(video, signal)).toEqual([])
  expect(pair.addon.asked.filter((path) => path.includes('/stream/'))).toEqual([])
})

test('path and query of a manifest URL are kept in every request', async () => {
  const streams = JSON.stringify({ streams: [{ infoHash: HASH }] })
  const manifest = JSON.stringify({ id: 'a', resources: ['stream'], types: ['movie'] })
  await using pair = await startPair(
    { onManifest: (_req, res) => res.end(manifest), onStreams: (_req, res) => res.end(streams) },
    '/sort=a,b|c/manifest.json?key=1',
  )
  expect(await pair.source.find(FILM, signal)).toHaveLength(1)
  expect(pair.addon.asked).toEqual([
    '/sort=a,b|c/manifest.json?key=1',
    '/sort=a,b|c/stream/movie/tt1.json?key=1',
  ])
})

test('a 404 of another addon means that it has nothing', async () => {
  await using pair = await startPair({
    onStreams: (_req, res) => res.writeHead(404).end('{"err":"not found"}'),
  })
  expect(await pair.source.find(FILM, signal)).toEqual([])
})

test('all requests to another addon go through its proxy', async () => {
  await using proxy = await startForwardProxy()
  await using pair = await startPair({}, '/manifest.json', proxy.urlFor())
  await pair.source.find(FILM, signal)
  expect(proxy.asked).toEqual([`${pair.addon.url}/manifest.json`, `${pair.addon.url}/stream/movie/tt1.json`])
})

test('an addon that is this server itself is asked once, and the log says so once', async () => {
  await using pair = await startPair({
    onManifest: (req, res) => res.writeHead(req.headers['self-streme-asker'] === 'one' ? 508 : 200).end('{}'),
  })
  for (let round = 0; round < 3; round++) expect(await pair.source.find(FILM, signal)).toEqual([])
  expect(pair.addon.asked).toEqual(['/manifest.json'])
  expect(pair.events.warn).toHaveLength(1)
})
