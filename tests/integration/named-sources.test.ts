import { writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startLocalServer } from '../support/local-server.ts'
import { startOtherAddon } from '../support/other-addon.ts'
import { send } from '../support/send.ts'
import { startServerProcess } from '../support/server-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestApp } from '../support/test-app.ts'
import { startTorznabServer } from '../support/torznab-server.ts'

const [A, B] = ['a'.repeat(40), 'b'.repeat(40)]
const DESKTOP = 'Mozilla/5.0 (X11; Linux x86_64) QtWebEngine/5.15.8 StremioShell/4.4.168'
const IPHONE = 'Stremio-Apple/0.5.1 (iPhone15,4; iOS 27.0)'

interface Stream {
  readonly infoHash?: string
  readonly fileIdx?: number
  readonly url?: string
  readonly name: string
  readonly behaviorHints: { readonly filename?: string }
}

async function streams(url: string, video: string, userAgent = DESKTOP): Promise<Stream[]> {
  const answer = await send(`${url}/stream/${video}.json`, { headers: { 'User-Agent': userAgent } })
  return (answer.json as { streams: Stream[] }).streams
}

test('streams of another addon and of an indexer are listed, in the form each device needs', async () => {
  await using addon = await startOtherAddon({
    streams: {
      'series/tt5:1:2': [
        { name: 'Other', infoHash: A, fileIdx: 3, sources: ['tracker:udp://a.example.org:1'] },
        { name: 'Link', url: 'https://a.example.org/e2.mp4' },
      ],
    },
  })
  await using indexer = await startTorznabServer({
    apiKey: 's3cret',
    torrents: [{ title: 'Show.S01.1080p', imdbId: 'tt5', infoHash: B }],
  })
  await using app = await startTestApp({
    UPSTREAM_ADDONS: addon.manifestUrl,
    TORZNAB_URL: `${indexer.api} apikey=s3cret`,
  })
  expect(await streams(app.url, 'series/tt5:1:2')).toMatchObject([
    { infoHash: B },
    { infoHash: A, fileIdx: 3, sources: ['tracker:udp://a.example.org:1', `dht:${A}`] },
    { name: 'Link', url: 'https://a.example.org/e2.mp4' },
  ])
  expect((await streams(app.url, 'series/tt5:1:2', IPHONE)).map(({ url }) => url)).toEqual([
    `${app.url}/stream/proxy/${B}/s1e2/Show.S01.1080p.mkv`,
    `${app.url}/stream/proxy/${A}/3/Other.mkv?tr=udp%3A%2F%2Fa.example.org%3A1`,
    'https://a.example.org/e2.mp4',
  ])
  const all = [
    ...(await streams(app.url, 'series/tt5:1:2')),
    ...(await streams(app.url, 'series/tt5:1:2', IPHONE)),
  ]
  expect(all.map(({ behaviorHints }) => behaviorHints.filename)).toEqual([
    ...['Show.S01.1080p.mkv', 'Other.mkv', 'Link.mp4'],
    ...['Show.S01.1080p.mkv', 'Other.mkv', 'Link.mp4'],
  ])
  expect(addon.asked.filter((path) => path.endsWith('/tt5%3A1%3A2.json'))).toHaveLength(1)
})

test('a source that hangs delays the list up to its timeout only', async () => {
  await using addon = await startOtherAddon({ onStreams: () => undefined })
  await using app = await startTestApp({ UPSTREAM_ADDONS: addon.manifestUrl, SOURCE_TIMEOUT: '1000' })
  const began = performance.now()
  expect(await streams(app.url, 'movie/tt1254207')).toHaveLength(1)
  expect(performance.now() - began).toBeLessThan(11_000)
})

test('a server that names itself as a source detects it, and asks itself for no film', async () => {
  let app: Awaited<ReturnType<typeof startTestApp>> | undefined
  await using relay = await startRelay(() => app?.url)
  await using itself = await startTestApp({ UPSTREAM_ADDONS: `${relay.url}/manifest.json` })
  app = itself
  expect(await streams(itself.url, 'movie/tt1254207')).toHaveLength(1)
  expect(await streams(itself.url, 'movie/tt1727587')).toHaveLength(1)
  expect(relay.asked).toEqual(['/manifest.json'])
})

test('two servers that name each other list the films of both, and ask each other once', async () => {
  await using folder = await temporaryFolder()
  await writeFile(
    join(folder.path, 'films.json'),
    JSON.stringify([{ id: 'tt9', type: 'movie', name: 'Far', infoHash: A }]),
  )
  let far: Awaited<ReturnType<typeof startTestApp>> | undefined
  await using toFar = await startRelay(() => far?.url)
  // None of the two waits for it.
  const patient = { SOURCE_TIMEOUT: '60000' }
  await using near = await startTestApp({ ...patient, UPSTREAM_ADDONS: `${toFar.url}/manifest.json` })
  await using toNear = await startRelay(() => near.url)
  await using other = await startTestApp({
    ...patient,
    UPSTREAM_ADDONS: `${toNear.url}/manifest.json`,
    FILMS_FILE: join(folder.path, 'films.json'),
  })
  far = other
  const began = performance.now()
  expect(await streams(near.url, 'movie/tt9')).toMatchObject([
    { url: expect.stringContaining(A) },
    { infoHash: A },
  ])
  expect(await streams(other.url, 'movie/tt9')).toHaveLength(1)
  expect(performance.now() - began).toBeLessThan(40_000)
  expect(toFar.asked).toEqual(['/manifest.json', '/stream/movie/tt9.json'])
  expect(toNear.asked).toEqual(['/manifest.json', '/stream/movie/tt9.json'])
})

test('the log has no keys and passwords, whatever fails', async () => {
  await using folder = await temporaryFolder()
  await using indexer = await startTorznabServer({ apiKey: 'other' })
  await using broken = await startLocalServer((req, res) =>
    res.writeHead(302, { Location: `/x${req.url}` }).end(),
  )
  await using server = startServerProcess({
    LOG_LEVEL: 'debug',
    TORRENT_DOWNLOAD_PATH: folder.path,
    TORZNAB_URL: `${indexer.api} apikey=s3cret ${broken.url}/?apikey=s3cret, http://me:s3cret@127.0.0.1:1 apikey=s3cret`,
    UPSTREAM_ADDONS: `${broken.url}/key=s3cret/manifest.json http://127.0.0.1:1/manifest.json proxy=http://me:s3cret@127.0.0.1:1`,
  })
  await streams(await server.url(), 'movie/tt9')
  await expect.poll(() => server.output().match(/a source failed/g)).toHaveLength(5)
  expect(server.output()).toContain('Incorrect user credentials')
  expect(server.output()).not.toContain('s3cret')
})

/** Forwards requests to a server whose address is not known yet. */
async function startRelay(target: () => string | undefined) {
  return startLocalServer((req, res) => {
    request(`${target()}${req.url}`, { headers: req.headers, agent: false }, (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(res)
    })
      .on('error', () => res.writeHead(502).end())
      .end()
  })
}
