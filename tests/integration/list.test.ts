import { open, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import client from 'stremio-addon-client'
import linter from 'stremio-addon-linter'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { videoHash } from '../../src/storage/video-hash.ts'
import { leaveCompleteTorrent } from '../support/earlier-run.ts'
import { torrentFile } from '../support/indexed-torrent.ts'
import { startOtherAddon } from '../support/other-addon.ts'
import { patternBytes } from '../support/pattern-bytes.ts'
import { type Answer, send } from '../support/send.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'
import { type IndexedTorrent, startTorznabServer } from '../support/torznab-server.ts'

const STREMIO = 'https://web.stremio.com'

const MIB = 1024 * 1024
const GB = 1e9
const IPHONE = 'Stremio-Apple/0.5.1 (iPhone15,4; iOS 27.0)'
const DESKTOP = 'Mozilla/5.0 (X11; Linux x86_64) QtWebEngine/5.15.8 StremioShell/4.4.168'
const RELEASES: readonly IndexedTorrent[] = [
  { title: 'Film.2020.720p.WEB-DL.H.264-GRP', infoHash: 'a'.repeat(40), size: GB, seeders: 90 },
  { title: 'Film.2020.1080p.WEB-DL.H.264-GRP', infoHash: 'b'.repeat(40), size: 2 * GB, seeders: 20 },
  { title: 'Film.2020.1080p.BluRay.x264-OTHER', infoHash: 'c'.repeat(40), size: 9 * GB, seeders: 40 },
  { title: 'Film.2020.HDCAM.x264-BAD', infoHash: 'd'.repeat(40), size: GB, seeders: 500 },
  { title: 'Film.2020.GERMAN.1080p.WEB.h264-DE', infoHash: 'e'.repeat(40), size: 3 * GB, seeders: 1 },
].map((release) => ({ ...release, imdbId: 'tt5' }))
const ALL = ['c', 'b', 'e', 'a', 'd']

interface Stream {
  readonly name: string
  readonly description: string
  readonly infoHash?: string
  readonly fileIdx?: number
  readonly url?: string
  readonly behaviorHints: Readonly<Record<string, unknown>>
}

describe('list options in the address', () => {
  const resources = new AsyncDisposableStack()
  let app: TestApp

  beforeAll(async () => {
    const indexer = resources.use(await startTorznabServer({ torrents: RELEASES }))
    app = resources.use(await startTestApp({ TORZNAB_URL: indexer.api }))
  })
  afterAll(() => resources.disposeAsync())

  test.for([
    ['', ALL],
    ['/auto', ALL],
    ['/proxy.v1.res=720,1080', ['a', 'c', 'b', 'e']],
    ['/auto.v1.max=2GB', ['b', 'a', 'd']],
    ['/auto.v1.lang=en', ['c', 'b', 'a', 'd']],
    ['/auto.v1.not=hdcam,bluray', ['b', 'e', 'a']],
    ['/auto.v1.per=1', ['c', 'a', 'd']],
    ['/magnet.v1.res=1080.lang=de.max=2500MB.not=bad.per=3', ['b']],
    ['/auto.v1.res=1080%2C720', ['c', 'b', 'e', 'a']],
    ['/auto%2Ev1%2Eres%3D720', ['a']],
  ] as const)('of "%s" are applied', async ([config, letters]) => {
    expect(lettersOf(await streams(app, 'movie/tt5', IPHONE, config))).toEqual(letters)
  })

  test.for(['/auto.v1.res=1080,720', '/proxy.v1.max=8GB.not=cam', '/both.v1.per=2'])(
    'of "%s" are read by the official client, in every resource',
    async (config) => {
      const manifestUrl = `${app.url}${config}/manifest.json`
      const { addon } = await client.detectFromURL(manifestUrl)
      if (!addon) throw new Error('the client sees no addon')
      const [catalog] = addon.manifest.catalogs
      const { metas } = await addon.get('catalog', 'movie', catalog?.id ?? '')
      const { meta } = await addon.get('meta', 'movie', metas[0]?.id ?? '')
      expect(meta.name).toBe('Big Buck Bunny')
      expect((await addon.get('stream', 'movie', 'tt5')).streams.length).toBeGreaterThan(1)
      const manifest = await send(manifestUrl)
      expect(linter.lintManifest(manifest.json)).toMatchObject({ valid: true, errors: [], warnings: [] })
      expect(manifest.json).toMatchObject({ behaviorHints: { configurable: true } })
      expect(manifest.body.length).toBeLessThan(8 * 1024)
    },
  )

  test('that are invalid are reported in words that pages of Stremio may read', async () => {
    for (const path of [
      'manifest.json',
      'stream/movie/tt1254207.json',
      'catalog/movie/x.json',
      'configure',
    ]) {
      const answer = await send(`${app.url}/auto.v1.res=1081/${path}`, { headers: { Origin: STREMIO } })
      expect(answer.status, path).toBe(400)
      expect(answer.json).toMatchObject({
        message: expect.stringContaining('"res=1081" is not a list of 2160'),
      })
      expect(answer.headers).toMatchObject({
        'access-control-allow-origin': STREMIO,
        'cache-control': 'no-store',
      })
    }
    expect((await send(`${app.url}/automatic.v1/manifest.json`)).status).toBe(404)
  })

  test('are what the configuration page offers to install', async () => {
    const page = await send(`${app.url}/proxy.v1.not=t%C3%A9l%C3%A9sync.res=720/configure`)
    expect(page.status).toBe(200)
    const address = `${new URL(app.url).host}/proxy.v1.res=720.not=t%C3%A9l%C3%A9sync/manifest.json`
    expect(page.text).toContain(`href="stremio://${address}"`)
    expect((await send(`http://${address}`)).status).toBe(200)
    expect((await send(`${app.url}/auto/configure`)).text).toContain(
      `href="stremio:${app.url.slice(5)}/manifest.json"`,
    )
    expect((await send(`${app.url}/nothing/configure`)).status).toBe(404)
  })

  test('are not part of the links of its streams', async () => {
    const [stream] = await streams(app, 'movie/tt5', IPHONE, '/proxy.v1.res=720')
    expect(stream?.url).toBe(
      `${app.url}/stream/proxy/${'a'.repeat(40)}/main/Film.2020.720p.WEB-DL.H.264-GRP.mkv`,
    )
  })
})

describe('a file on disk', () => {
  const PACK = [
    { name: 'Show.S01E01.mkv', bytes: patternBytes(2 * MIB, 'one') },
    { name: 'Show.S01E02.mkv', bytes: patternBytes(MIB + 5, 'two') },
  ]

  test('is listed first for devices that stream from us, with a badge, its size and its hash', async () => {
    await using folder = await temporaryFolder()
    const { infoHash, paths } = await leaveCompleteTorrent({ root: folder.path, files: PACK })
    await using indexer = await startTorznabServer({
      torrents: [
        { title: 'Show.S01E02.2160p', imdbId: 'tt7', infoHash: 'f'.repeat(40), seeders: 900 },
        { title: 'Show.S01.480p.DVDRip', imdbId: 'tt7', infoHash, seeders: 2, size: 40 * GB },
      ],
    })
    await using app = await startTestApp({ TORZNAB_URL: indexer.api, TORRENT_DOWNLOAD_PATH: folder.path })
    const [first, second] = await streams(app, 'series/tt7:1:2', IPHONE)
    expect(first?.url).toBe(`${app.url}/stream/proxy/${infoHash}/1/Show.S01E02.mkv`)
    expect(first?.description).toContain('⚡ on disk')
    expect(first?.description).not.toContain('👤')
    expect(first?.behaviorHints).toMatchObject({
      filename: 'Show.S01E02.mkv',
      videoSize: MIB + 5,
      videoHash: await videoHash(paths[1] ?? '', MIB + 5),
      bingeGroup: `self-streme|${infoHash}|proxy`,
    })
    expect(second?.description).toContain('👤 900')

    const desktop = await streams(app, 'series/tt7:1:2', DESKTOP)
    expect(desktop.map((stream) => stream.infoHash)).toEqual(['f'.repeat(40), infoHash])
    expect(desktop[1]).toMatchObject({ fileIdx: 1 })
    expect(desktop[1]?.description).toContain('👤 2')
    expect(desktop[1]?.description).not.toContain('⚡')
  })

  test('has no hash when it was changed', async () => {
    await using folder = await temporaryFolder()
    const { infoHash, paths } = await leaveCompleteTorrent({ root: folder.path, files: PACK })
    await using indexer = await startTorznabServer({
      torrents: [{ title: 'Show.S01.480p', imdbId: 'tt7', infoHash }],
    })
    await using app = await startTestApp({ TORZNAB_URL: indexer.api, TORRENT_DOWNLOAD_PATH: folder.path })
    {
      await using file = await open(paths[1] ?? '', 'r+')
      await file.write('other')
    }
    const [stream] = await streams(app, 'series/tt7:1:2', IPHONE)
    expect(stream?.behaviorHints).not.toHaveProperty('videoHash')
  })

  test('that the user placed there is listed first too', async () => {
    const infoHash = '39730aa7c09b864432bc8c878c20c933059241fd'
    await using indexer = await startTorznabServer({
      torrents: [{ title: 'Film.2020.720p', imdbId: 'tt5', infoHash, seeders: 3 }],
    })
    await using folder = await temporaryFolder()
    const path = join(folder.path, `My film ${infoHash}.mp4`)
    await writeFile(path, patternBytes(MIB))
    await utimes(path, 1_000_000, 1_000_000)
    await using app = await startTestApp({ TORZNAB_URL: indexer.api, TORRENT_DOWNLOAD_PATH: folder.path })
    const [stream] = await streams(app, 'movie/tt5', IPHONE)
    expect(stream?.description).toContain('⚡ on disk')
    expect(stream?.behaviorHints.videoSize).toBe(MIB)
  })
})

test('the episode of a pack is chosen from its torrent file, and a pack without it is not listed', async () => {
  const right = torrentFile('Show.S01', [
    ['info.txt', 5],
    ['Show.S01E01.mkv', 1_000],
    ['Show.S01E02.mkv', 900],
  ])
  const wrong = torrentFile('Show S01', [
    ['Show.S01E03.mkv', 1_000],
    ['Show.S01E04.mkv', 900],
  ])
  await using indexer = await startTorznabServer({
    torrents: [
      { title: 'Show.S01.1080p-ONE', imdbId: 'tt7', torrent: right.bytes, seeders: 5 },
      { title: 'Show.S01.1080p-TWO', imdbId: 'tt7', torrent: wrong.bytes, seeders: 9 },
    ],
  })
  await using addon = await startOtherAddon({
    streams: {
      'series/tt7:1:2': [
        {
          title: 'Show.S01.1080p-ONE\n👤 77',
          infoHash: right.infoHash,
          fileIdx: 2,
          sources: ['tracker:udp://a.org:1'],
        },
      ],
    },
  })
  await using app = await startTestApp({ TORZNAB_URL: indexer.api, UPSTREAM_ADDONS: addon.manifestUrl })
  const listed = await streams(app, 'series/tt7:1:2', IPHONE)
  expect(listed.map(({ url }) => url)).toEqual([
    `${app.url}/stream/proxy/${right.infoHash}/2/Show.S01E02.mkv?tr=udp%3A%2F%2Fa.org%3A1`,
  ])
  expect(listed[0]?.description).toContain('👤 77')
})

test('the next episode is in the same binge group as this one', async () => {
  const episode = (number: number, letter: string): IndexedTorrent => ({
    title: `Show.S01E0${number}.1080p.WEB-DL.H.264-GRP`,
    imdbId: 'tt7',
    infoHash: letter.repeat(40),
  })
  await using indexer = await startTorznabServer({ torrents: [episode(1, 'a'), episode(2, 'b')] })
  await using app = await startTestApp({ TORZNAB_URL: indexer.api })
  const groups = [
    await streams(app, 'series/tt7:1:1', IPHONE),
    await streams(app, 'series/tt7:1:2', IPHONE),
    await streams(app, 'series/tt7:1:1', IPHONE),
  ].map(([first]) => first?.behaviorHints.bingeGroup)
  expect(new Set(groups)).toEqual(new Set(['self-streme|WEB-DL|1080p|GRP|proxy']))
})

test('the list of the next episode is prepared before it is requested', async () => {
  await using indexer = await startTorznabServer({
    torrents: [{ title: 'Show.S01.1080p', imdbId: 'tt7', infoHash: 'a'.repeat(40) }],
  })
  await using app = await startTestApp({ TORZNAB_URL: indexer.api })
  await streams(app, 'series/tt7:1:1', IPHONE)
  const asked = () => [...new Set(indexer.searches().map(({ ep }) => ep))]
  await expect.poll(asked).toEqual(['1', undefined, '2'])
  const before = indexer.asked.length
  expect(await streams(app, 'series/tt7:1:2', IPHONE)).toHaveLength(1)
  await expect.poll(asked).toContain('3')
  expect(indexer.asked.slice(before).some((path) => path.includes('ep=2'))).toBe(false)
})

describe('the time that Stremio may keep a list', () => {
  const film = { 'movie/tt5': [{ infoHash: 'a'.repeat(40), title: 'Film' }] }

  test('is short while a source has not answered, and the late answer is in the next list', async () => {
    const { promise: later, resolve: answerNow } = Promise.withResolvers<void>()
    await using slow = await startOtherAddon({
      async onStreams(_req, res) {
        await later
        res.end(JSON.stringify({ streams: [{ infoHash: 'b'.repeat(40) }] }))
      },
    })
    await using quick = await startOtherAddon({ streams: film })
    await using app = await startTestApp({
      UPSTREAM_ADDONS: `${slow.manifestUrl} ${quick.manifestUrl}`,
      // The quick source answers in some milliseconds, and the list waits this long for the other.
      SOURCE_TIMEOUT: '1500',
    })
    const began = performance.now()
    const first = await send(`${app.url}/stream/movie/tt5.json`)
    expect(performance.now() - began).toBeLessThan(15_000)
    expect(maxAgeOf(first)).toBeLessThanOrEqual(30)
    expect(hashesIn(first)).toEqual(['a'.repeat(40)])
    answerNow()
    await expect
      .poll(async () => hashesIn(await send(`${app.url}/stream/movie/tt5.json`)))
      .toEqual(['b'.repeat(40), 'a'.repeat(40)])
    expect(maxAgeOf(await send(`${app.url}/stream/movie/tt5.json`))).toBeGreaterThanOrEqual(60)
  })

  test('is short when a source failed, and zero for an empty list', async () => {
    await using broken = await startOtherAddon({ onStreams: (_req, res) => res.writeHead(500).end() })
    await using quick = await startOtherAddon({ streams: film })
    await using app = await startTestApp({ UPSTREAM_ADDONS: `${broken.manifestUrl} ${quick.manifestUrl}` })
    expect(maxAgeOf(await send(`${app.url}/stream/movie/tt5.json`))).toBeLessThanOrEqual(30)
    expect((await send(`${app.url}/stream/movie/tt6.json`)).headers['cache-control']).toBe('no-store')
  })
})

describe('ids of other catalogues', () => {
  const anime = {
    manifest: { types: ['series', 'anime'], idPrefixes: ['tt', 'kitsu:', 'made-up:'] },
    streams: { 'series/kitsu:7442:5': [{ infoHash: 'a'.repeat(40), title: 'Show - 05' }] },
  }

  test('are offered as soon as a configured addon knows them, for streams only', async () => {
    await using addon = await startOtherAddon(anime)
    await using app = await startTestApp({ UPSTREAM_ADDONS: addon.manifestUrl })
    const { addon: seen } = await client.detectFromURL(`${app.url}/manifest.json`)
    expect(seen?.isSupported('stream', 'series', 'kitsu:7442:5')).toBe(true)
    expect(seen?.isSupported('stream', 'anime', 'kitsu:7442:5')).toBe(true)
    expect(seen?.isSupported('stream', 'movie', 'tt1')).toBe(true)
    expect(seen?.isSupported('stream', 'series', 'made-up:1')).toBe(false)
    expect(seen?.isSupported('stream', 'series', 'mal:1:5')).toBe(false)
    expect(seen?.isSupported('meta', 'series', 'kitsu:7442')).toBe(false)
    expect(seen?.isSupported('meta', 'movie', 'tt1254207')).toBe(true)
    const { json } = await send(`${app.url}/manifest.json`)
    expect(linter.lintManifest(json)).toMatchObject({ valid: true, errors: [], warnings: [] })
    for (const type of ['series', 'anime']) {
      const [stream] = await streams(app, `${type}/kitsu:7442:5`, IPHONE)
      expect(stream?.url).toBe(`${app.url}/stream/proxy/${'a'.repeat(40)}/e5/Show%20-%2005.mkv`)
    }
  })

  test('are not offered when no addon knows them, and an addon that hangs does not delay the manifest', async () => {
    await using addon = await startOtherAddon({ ...anime, onManifest: () => undefined })
    await using app = await startTestApp({ UPSTREAM_ADDONS: addon.manifestUrl, SOURCE_TIMEOUT: '60000' })
    const began = performance.now()
    const { addon: seen } = await client.detectFromURL(`${app.url}/manifest.json`)
    expect(performance.now() - began).toBeLessThan(40_000)
    expect(seen?.isSupported('stream', 'series', 'kitsu:7442:5')).toBe(false)
    expect(seen?.isSupported('stream', 'movie', 'tt1')).toBe(true)
  })
})

async function streams(app: TestApp, video: string, userAgent: string, config = ''): Promise<Stream[]> {
  const answer = await send(`${app.url}${config}/stream/${video}.json`, {
    headers: { 'User-Agent': userAgent },
  })
  expect(answer.status).toBe(200)
  return (answer.json as { streams: Stream[] }).streams
}

/** The first letters of info hashes. */
function lettersOf(listed: readonly Stream[]): (string | undefined)[] {
  return listed.map(({ infoHash, url }) => infoHash?.[0] ?? /proxy\/(.)/.exec(url ?? '')?.[1])
}

function hashesIn(answer: Answer): (string | undefined)[] {
  return (answer.json as { streams: Stream[] }).streams.map(({ infoHash }) => infoHash)
}

function maxAgeOf({ headers }: Answer): number {
  return Number(/max-age=(\d+)/.exec(headers['cache-control'] ?? '')?.[1])
}
