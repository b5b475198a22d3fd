import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rename, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { baseEnvironment } from '../support/base-environment.ts'
import { send } from '../support/send.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestApp } from '../support/test-app.ts'

const FREE_FILMS = ['Big Buck Bunny', 'Sintel', 'Tears of Steel', 'Cosmos Laundromat']
const HASH = 'abcdef0123456789abcdef0123456789abcdef01'
const BASE32_OF_HASH = 'VPG66AJDIVTYTK6N54ASGRLHRGV433YB'

const FILM = { id: 'selfstreme:one', type: 'movie', name: 'One', infoHash: HASH }
const OTHER = { id: 'tt99', type: 'movie', name: 'Other', infoHash: 'b'.repeat(40) }
const EPISODES = [
  { id: 'tt5', type: 'series', name: 'Show', infoHash: HASH, season: 2, episode: 1, fileIdx: 3 },
  {
    id: 'tt5',
    type: 'series',
    name: 'Show',
    infoHash: HASH,
    season: 1,
    episode: 2,
    fileIdx: 1,
    title: 'Second',
  },
  {
    id: 'tt5',
    type: 'series',
    name: 'Show',
    infoHash: HASH,
    season: 1,
    episode: 1,
    fileIdx: 0,
    title: 'First',
  },
  { id: 'tt5', type: 'series', name: 'Show', infoHash: 'c'.repeat(40), season: 1, episode: 1, fileIdx: 9 },
]

test("the user's films are listed beside the free ones, with catalogue, page and streams", async () => {
  await using films = await filmsFile([{ ...FILM, description: 'Mine.', year: 1999, quality: '1080p' }])
  await using app = await startTestApp({ FILMS_FILE: films.path })
  expect(await catalog(app.url)).toEqual([...FREE_FILMS, 'One'])
  expect((await send(`${app.url}/meta/movie/selfstreme:one.json`)).json).toMatchObject({
    meta: { id: 'selfstreme:one', type: 'movie', name: 'One', description: 'Mine.', releaseInfo: '1999' },
  })
  const [stream] = await magnets(app.url, 'movie/selfstreme:one')
  expect(stream).toMatchObject({ infoHash: HASH, name: expect.stringContaining('1080p') })
  // The file is known when the metadata is.
  expect(stream).not.toHaveProperty('fileIdx')
  const [proxied] = await streams(app.url, 'proxy', 'movie/selfstreme:one')
  expect(proxied?.url).toBe(`${app.url}/stream/proxy/${HASH}/main/One.mkv`)
})

test('a hash may be written in any form, and trackers are taken', async () => {
  const mine = 'http://tracker.example:80/announce?x=1&y=2'
  const magnet = `magnet:?dn=x&xt=urn:btih:${BASE32_OF_HASH.toLowerCase()}&tr=${encodeURIComponent(mine)}&tr=udp%3A%2F%2Fb.example%3A1`
  await using films = await filmsFile([
    { ...FILM, id: 'tt1', infoHash: HASH.toUpperCase() },
    { ...FILM, id: 'tt2', infoHash: BASE32_OF_HASH, trackers: ['udp://a.example:1'] },
    { id: 'tt3', type: 'movie', name: 'Three', magnet, trackers: ['udp://a.example:1'] },
  ])
  await using app = await startTestApp({ FILMS_FILE: films.path })
  for (const id of ['tt1', 'tt2', 'tt3']) {
    expect(await magnets(app.url, `movie/${id}`)).toMatchObject([{ infoHash: HASH }])
  }
  expect((await magnets(app.url, 'movie/tt3'))[0]?.sources).toEqual([
    'tracker:udp://a.example:1',
    `tracker:${mine}`,
    'tracker:udp://b.example:1',
    `dht:${HASH}`,
  ])
  const [proxied] = await streams(app.url, 'proxy', 'movie/tt3')
  expect(new URL(proxied?.url ?? '').searchParams.getAll('tr')).toContain(mine)
})

test('the file is read again when it has changed', async () => {
  await using films = await filmsFile([FILM])
  await using app = await startTestApp({ FILMS_FILE: films.path })
  expect(await catalog(app.url)).toEqual([...FREE_FILMS, 'One'])

  await films.write([FILM, OTHER])
  await expect.poll(() => catalog(app.url)).toEqual([...FREE_FILMS, 'One', 'Other'])
  await films.write([OTHER])
  await expect.poll(() => catalog(app.url)).toEqual([...FREE_FILMS, 'Other'])
  expect(await magnets(app.url, 'movie/selfstreme:one')).toEqual([])
  await films.write([])
  await expect.poll(() => catalog(app.url)).toEqual(FREE_FILMS)
})

test('a file that an editor swapped in is read, even with the same date and length', async () => {
  await using films = await filmsFile([FILM])
  await using app = await startTestApp({ FILMS_FILE: films.path })
  await utimes(films.path, 1_000, 1_000)
  expect(await catalog(app.url)).toEqual([...FREE_FILMS, 'One'])

  await writeFile(`${films.path}.new`, JSON.stringify([{ ...FILM, name: 'Two' }]))
  await utimes(`${films.path}.new`, 1_000, 1_000)
  await rename(`${films.path}.new`, films.path)
  await expect.poll(() => catalog(app.url)).toEqual([...FREE_FILMS, 'Two'])
})

test('a file that does not exist yet is read once it does', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'later.json')
  await using app = await startTestApp({ FILMS_FILE: path })
  expect(await catalog(app.url)).toEqual(FREE_FILMS)
  await writeFile(path, JSON.stringify([FILM]))
  await expect.poll(() => catalog(app.url)).toEqual([...FREE_FILMS, 'One'])
})

const BROKEN = [
  { ...FILM, id: 'imdb-5' },
  { ...FILM, id: 'selfstreme:' },
  { ...FILM, id: 'tt7', infoHash: 'too-short' },
  { ...FILM, id: 'tt8', infoHash: undefined },
  { ...FILM, id: 'tt9', type: 'channel' },
  { ...FILM, id: 'tt10', name: '' },
  { ...FILM, id: 'tt11', fileIdx: -1 },
  { ...FILM, id: 'tt12', fileIdx: '1' },
  { ...FILM, id: 'tt13', poster: 'javascript:alert(1)' },
  { ...FILM, id: 'tt14', infoHash: undefined, magnet: 'magnet:?xt=urn:sha1:x' },
  { ...FILM, id: 'tt15', type: 'series', season: 1, episode: 1 },
  { ...FILM, id: 'tt16', type: 'series', season: 1, fileIdx: 0 },
  { ...FILM, id: 'tt17', trackers: 'udp://a.example' },
  { ...FILM, id: 'tt18', trackers: ['not a url'] },
  null,
  'One',
  [],
]

test('a broken entry is skipped, and the others stay', async () => {
  await using films = await filmsFile([FILM, ...BROKEN, OTHER])
  await using app = await startTestApp({ FILMS_FILE: films.path })
  expect(await catalog(app.url)).toEqual([...FREE_FILMS, 'One', 'Other'])
  expect(await catalog(app.url, 'series')).toEqual([])
  expect(await magnets(app.url, 'series/tt15:1:1')).toEqual([])
})

test('a name with broken Unicode does not affect the other streams of its film', async () => {
  await using films = await filmsFile([
    { ...FILM, infoHash: 'd'.repeat(40), fileName: 'half a letter \ud83c.mkv' },
    { ...FILM, fileName: 'One.mkv' },
  ])
  await using app = await startTestApp({ FILMS_FILE: films.path })
  for (const mode of ['magnet', 'proxy']) {
    expect(await streams(app.url, mode, 'movie/selfstreme:one'), mode).toMatchObject([
      { behaviorHints: { filename: 'One.mkv' } },
    ])
  }
})

test('a byte order mark is accepted', async () => {
  await using films = await filmsFile([])
  await writeFile(films.path, `\uFEFF${JSON.stringify([FILM])}`)
  await using app = await startTestApp({ FILMS_FILE: films.path })
  expect(await catalog(app.url)).toEqual([...FREE_FILMS, 'One'])
})

test('right after a change every request sees the new list, however many run at once', async () => {
  await using films = await filmsFile([FILM])
  await using app = await startTestApp({ FILMS_FILE: films.path })
  expect(await catalog(app.url)).toEqual([...FREE_FILMS, 'One'])
  await films.write([FILM, OTHER])
  const lists = await Promise.all(Array.from({ length: 20 }, () => catalog(app.url)))
  for (const list of lists) expect(list).toEqual([...FREE_FILMS, 'One', 'Other'])
})

test('the log names each skipped entry with the reason', async () => {
  await using films = await filmsFile([
    FILM,
    { ...FILM, name: 'Bad hash', infoHash: 'x' },
    { ...EPISODES[0], fileIdx: undefined },
  ])
  await using folder = await temporaryFolder()
  const log = await logOfStart({ FILMS_FILE: films.path, TORRENT_DOWNLOAD_PATH: folder.path })
  const warnings = log.split('\n').filter((line) => line.startsWith('warn: '))
  expect(warnings).toHaveLength(2)
  expect(warnings[0]).toMatch(/entry 2 .*Bad hash.*infoHash/)
  expect(warnings[1]).toMatch(/entry 3 .*Show.*fileIdx/)
})

test.for([
  ['half of it', JSON.stringify([FILM, OTHER]).slice(0, -20)],
  ['nothing', ''],
  ['another format', 'name,hash\nOne,abc'],
  ['JSON that is not a list', JSON.stringify({ films: [OTHER] })],
] as const)('while the file contains %s, the previous films stay', async ([, content]) => {
  await using films = await filmsFile([FILM])
  await using app = await startTestApp({ FILMS_FILE: films.path })
  expect(await catalog(app.url)).toEqual([...FREE_FILMS, 'One'])

  await writeFile(films.path, content)
  expect(await catalog(app.url)).toEqual([...FREE_FILMS, 'One'])
  expect(await magnets(app.url, 'movie/selfstreme:one')).toHaveLength(1)
  await films.write([FILM, OTHER])
  await expect.poll(() => catalog(app.url)).toEqual([...FREE_FILMS, 'One', 'Other'])
})

test('entries with one id are one series, with a stream for each episode', async () => {
  await using films = await filmsFile(EPISODES)
  await using app = await startTestApp({ FILMS_FILE: films.path })
  expect(await catalog(app.url, 'series')).toEqual(['Show'])
  expect(await catalog(app.url)).toEqual(FREE_FILMS)

  const { meta } = (await send(`${app.url}/meta/series/tt5.json`)).json as {
    meta: { id: string; type: string; videos: object[] }
  }
  expect(meta).toMatchObject({ id: 'tt5', type: 'series' })
  expect(meta.videos).toMatchObject([
    { id: 'tt5:1:1', season: 1, episode: 1, title: expect.any(String) },
    { id: 'tt5:1:2', season: 1, episode: 2, title: 'Second' },
    { id: 'tt5:2:1', season: 2, episode: 1, title: 'Episode 1' },
  ])
  for (const video of meta.videos as { released: string }[]) expect(new Date(video.released)).not.toBeNaN()

  expect(await magnets(app.url, 'series/tt5:1:1')).toMatchObject([
    { infoHash: HASH, fileIdx: 0 },
    { infoHash: 'c'.repeat(40), fileIdx: 9 },
  ])
  expect(await magnets(app.url, 'series/tt5:1:2')).toMatchObject([{ infoHash: HASH, fileIdx: 1 }])
  expect(await magnets(app.url, 'series/tt5:2:1')).toMatchObject([{ infoHash: HASH, fileIdx: 3 }])
  expect(await magnets(app.url, 'series/tt5:2:2')).toEqual([])
  expect(await magnets(app.url, 'movie/tt5')).toEqual([])

  const groups = await Promise.all(
    ['1:1', '1:2'].map(
      async (id) => (await magnets(app.url, `series/tt5:${id}`))[0]?.behaviorHints.bingeGroup,
    ),
  )
  expect(groups[0]).toBe(groups[1])
})

test('two torrents of one film are two streams in one row of the catalogue', async () => {
  await using films = await filmsFile([
    FILM,
    { ...FILM, infoHash: 'd'.repeat(40) },
    { ...FILM, trackers: ['udp://x.example:1'] },
  ])
  await using app = await startTestApp({ FILMS_FILE: films.path })
  expect(await catalog(app.url)).toEqual([...FREE_FILMS, 'One'])
  expect(await magnets(app.url, 'movie/selfstreme:one')).toMatchObject([
    { infoHash: HASH, sources: ['tracker:udp://x.example:1', `dht:${HASH}`] },
    { infoHash: 'd'.repeat(40) },
  ])
})

interface Stream {
  readonly url?: string
  readonly infoHash?: string
  readonly sources?: readonly string[]
  readonly behaviorHints: { readonly bingeGroup: string }
}

async function filmsFile(
  films: unknown,
): Promise<{ path: string; write(films: unknown): Promise<void> } & AsyncDisposable> {
  const folder = await temporaryFolder()
  const path = join(folder.path, 'films.json')
  const write = (content: unknown) => writeFile(path, JSON.stringify(content))
  await write(films)
  return { path, write, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

async function catalog(url: string, type = 'movie'): Promise<string[]> {
  const { json } = await send(`${url}/catalog/${type}/selfstreme-films.json`)
  return (json as { metas: { name: string }[] }).metas.map(({ name }) => name)
}

function magnets(url: string, video: string): Promise<Stream[]> {
  return streams(url, 'magnet', video)
}

async function streams(url: string, mode: string, video: string): Promise<Stream[]> {
  return ((await send(`${url}/${mode}/stream/${video}.json`)).json as { streams: Stream[] }).streams
}

/** The output of `npm start` until it listens. */
async function logOfStart(settings: Record<string, string>): Promise<string> {
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
  const quiet = { PORT: '0', HOST: '127.0.0.1', TORRENT_PORT: '0', TORRENT_DHT: '0', TORRENT_TRACKERS: '' }
  const env = { ...baseEnvironment(), ...quiet, ...settings }
  const server = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(server, 'exit')
  let log = ''
  for await (const chunk of server.stdout.setEncoding('utf8')) {
    log += chunk
    if (log.includes('listens on')) server.kill('SIGTERM')
  }
  expect(await ended).toEqual([0, null])
  return log
}
