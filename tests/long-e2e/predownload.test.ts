import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { InfoHash } from '../../src/domain/bittorrent/info-hash.ts'
import { parseMetainfo } from '../../src/domain/bittorrent/metainfo.ts'
import type { Predownload } from '../../src/downloads/guesses.ts'
import { apiOf } from '../support/api-client.ts'
import { type } from '../support/command-line.ts'
import { getRange, openStream, readBytes } from '../support/http-client.ts'
import { expectSameBytes, patternBytes } from '../support/pattern-bytes.ts'
import { seedFilm } from '../support/seeded-film.ts'
import { hasSeeder, type Swarm, startSwarm } from '../support/swarm.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { isCompleteOnDisk, startTestApp, type TestApp } from '../support/test-app.ts'

const MIB = 1024 * 1024
/** Cancelled requests may cross with their blocks, more of them on a busy machine. */
const CALLED_BACK = 4 * MIB
const HEAD = 8 * MIB
const TAIL = 4 * MIB
const SLOW = { timeout: 60_000, interval: 100 }
const IPHONE = { 'User-Agent': 'Stremio-Apple/0.5.1 (iPhone15,4; iOS 27.0)' }
const DESKTOP = { 'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64) QtWebEngine/5.15.8 StremioShell/4.4.168' }
const swarmTest = test.skipIf(!hasSeeder)

/** A server that lists some films of the user's. */
async function startWithFilms(films: readonly object[], settings: Readonly<Record<string, string>>) {
  await using starting = new AsyncDisposableStack()
  const { path } = starting.use(await temporaryFolder())
  const file = join(path, 'films.json')
  await writeFile(file, JSON.stringify(films))
  const app = starting.use(await startTestApp({ FILMS_FILE: file, ...settings }))
  const parts = starting.move()
  return { ...app, [Symbol.asyncDispose]: () => parts.disposeAsync() }
}

function movie(film: Swarm, id: string) {
  return { id, type: 'movie', name: 'Film', infoHash: film.infoHash, fileIdx: 0 }
}

async function list(
  { url }: TestApp,
  id: string,
  headers: Record<string, string> = IPHONE,
): Promise<string[]> {
  const answer = await fetch(`${url}/stream/${id}.json`, { headers })
  const { streams } = (await answer.json()) as { streams: { url?: string; infoHash?: string }[] }
  return streams.map(({ url, infoHash }) => url ?? infoHash ?? '')
}

async function predownloads({ url }: TestApp): Promise<Predownload[]> {
  const { body } = await apiOf(url).ask<{ predownloads: Predownload[] }>('GET', '/api/predownloads')
  return body.predownloads
}

async function states(app: TestApp): Promise<string[]> {
  return (await predownloads(app)).map(({ why, state }) => `${why} ${state}`)
}

/** A folder of videos with a seeder. */
async function seedPack(files: Readonly<Record<string, Buffer>>, uploadLimit?: number) {
  await using seeding = new AsyncDisposableStack()
  const path = join(seeding.use(await temporaryFolder()).path, 'Show.S01')
  await mkdir(path)
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(path, name), bytes)
  const swarm = seeding.use(await startSwarm({ path, ...(uploadLimit ? { uploadLimit } : {}) }))
  const names = parseMetainfo(swarm.metainfo).files.map(({ name }) => name)
  const parts = seeding.move()
  return {
    ...swarm,
    indexOf: (name: string) => names.indexOf(name),
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

swarmTest(
  'head and tail of the first film in a list are fetched before it is watched, and nothing more',
  async () => {
    await using film = await seedFilm(patternBytes(40 * MIB))
    await using app = await startWithFilms([movie(film, 'tt1')], { ...film.settings, PREDOWNLOAD: 'first' })
    const [url = ''] = await list(app, 'movie/tt1')
    await expect.poll(() => states(app), SLOW).toEqual(['first done'])
    expect(await predownloads(app)).toMatchObject([
      {
        infoHash: film.infoHash,
        fileIdx: 0,
        name: 'Film.mkv',
        bytesWanted: HEAD + TAIL,
        bytesThere: HEAD + TAIL,
      },
    ])
    expect((await apiOf(app.url).get(film.infoHash)).body.files).toMatchObject([{ bytesThere: HEAD + TAIL }])
    expect(await film.uploadedBytes()).toBeLessThan(HEAD + TAIL + CALLED_BACK)

    const { stdout } = await type(['ahead', 'ls'], {
      PORT: new URL(app.url).port,
      TORRENT_DOWNLOAD_PATH: app.folder,
    })
    expect(stdout).toMatch(
      new RegExp(`^${film.infoHash.slice(0, 12)}  first  done   100 %  12.6 MB  Film.mkv$`, 'm'),
    )

    // Everything that a player needs to start is there without any peer.
    await film.stopSeeding()
    expectSameBytes(await getRange(url, 0, HEAD - 1), film.bytes.subarray(0, HEAD))
    expectSameBytes(
      await getRange(url, film.bytes.length - TAIL, film.bytes.length - 1),
      film.bytes.subarray(-TAIL),
    )
    const { body } = await apiOf(app.url).get(film.infoHash)
    expect(body).toMatchObject({ origin: 'ahead', plays: 1 })
  },
)

swarmTest('a listed film that is on disk is not fetched again', async () => {
  await using film = await seedFilm(patternBytes(20 * MIB))
  await using app = await startWithFilms([movie(film, 'tt1')], { ...film.settings, PREDOWNLOAD: 'first' })
  const [url = ''] = await list(app, 'movie/tt1')
  await expect.poll(() => states(app), SLOW).toEqual(['first done'])
  await (await fetch(url)).arrayBuffer()
  await expect.poll(() => isCompleteOnDisk(app, film.infoHash), SLOW).toBe(true)
  const before = await film.uploadedBytes()
  await list(app, 'movie/tt1', { 'User-Agent': 'VIDAA/6.0' })
  await expect.poll(() => states(app), SLOW).toEqual(['first done', 'first done'])
  expect(await film.uploadedBytes()).toBe(before)
})

swarmTest('a later list of the same device replaces an earlier one', async () => {
  await using slow = await seedFilm(patternBytes(30 * MIB), { uploadLimit: MIB / 2 })
  await using film = await seedFilm(patternBytes(16 * MIB, 'other'), { trackerUrl: slow.trackerUrl })
  await using app = await startWithFilms([movie(slow, 'tt1'), movie(film, 'tt2')], {
    ...slow.settings,
    PREDOWNLOAD: 'first',
  })
  await list(app, 'movie/tt1')
  await expect.poll(() => states(app), SLOW).toEqual(['first fetching'])
  await list(app, 'movie/tt2')
  await expect.poll(() => states(app), SLOW).toEqual(['first done'])
  expect((await predownloads(app))[0]?.infoHash).toBe(film.infoHash)
})

swarmTest.for([
  ['the setting is off', 'off', IPHONE],
  ['only what is watched is to be fetched', 'next,all', IPHONE],
  ['the device fetches torrents by itself', 'first,next,all', DESKTOP],
] as const)('a list fetches nothing ahead where %s', async ([, setting, headers]) => {
  await using film = await seedFilm(patternBytes(20 * MIB))
  await using app = await startWithFilms([movie(film, 'tt1')], { ...film.settings, PREDOWNLOAD: setting })
  expect(await list(app, 'movie/tt1', headers)).toHaveLength(1)
  expect(await predownloads(app)).toEqual([])
  expect(app.app.torrents.activityOf(film.infoHash as InfoHash)).toBeUndefined()
})

swarmTest('after an episode of a pack the next one is fetched: head and tail, then the rest', async () => {
  const episodes = ['one', 'two', 'three'].map((seed) => patternBytes(24 * MIB, seed))
  const [one, two, three] = episodes as [Buffer, Buffer, Buffer]
  await using pack = await seedPack(
    { 'Show.S01E01.mkv': one, 'Show.S01E02.mkv': two, 'Show.S01E03.mkv': three },
    12 * MIB,
  )
  await using app = await startTestApp({ ...pack.settings, PREDOWNLOAD: 'next' })
  const first = pack.indexOf('Show.S01E01.mkv')
  const second = pack.indexOf('Show.S01E02.mkv')
  const viewer = await openStream(`${app.url}/stream/proxy/${pack.infoHash}/${first}`)
  await readBytes(viewer, 12 * MIB)
  expect(await predownloads(app)).toEqual([])
  await readBytes(viewer, 10 * MIB)
  await expect.poll(() => predownloads(app), SLOW).toMatchObject([{ why: 'next', fileIdx: second }])
  await readBytes(viewer, 2 * MIB)
  await expect.poll(() => states(app), SLOW).toEqual(['next done'])
  const { files } = (await apiOf(app.url).get(pack.infoHash)).body
  expect(files[second]).toMatchObject({ name: 'Show.S01E02.mkv', isWhole: true })
  expect(await pack.uploadedBytes()).toBeLessThan(one.length + two.length + CALLED_BACK)

  await pack.stopSeeding()
  const answer = await fetch(`${app.url}/stream/proxy/${pack.infoHash}/${second}`)
  expectSameBytes(Buffer.from(await answer.arrayBuffer()), two)
})

swarmTest(
  'after an episode with a torrent of its own, the one of the same group in the next list is fetched',
  async () => {
    await using one = await seedFilm(patternBytes(16 * MIB, 'one'))
    const { trackerUrl } = one
    await using two = await seedFilm(patternBytes(18 * MIB, 'two'), { trackerUrl })
    await using other = await seedFilm(patternBytes(18 * MIB, 'other'), { trackerUrl })
    const episode = (film: Swarm, episode: number, quality: string) => ({
      ...{ id: 'tt9', type: 'series', name: 'Show', season: 1, episode, quality },
      ...{ infoHash: film.infoHash, fileIdx: 0 },
    })
    await using app = await startWithFilms(
      [episode(one, 1, '1080p'), episode(other, 2, '720p'), episode(two, 2, '1080p')],
      { ...one.settings, PREDOWNLOAD: 'next' },
    )
    const [url = ''] = await list(app, 'series/tt9:1:1')
    await (await fetch(url)).arrayBuffer()
    await expect.poll(() => isCompleteOnDisk(app, two.infoHash), SLOW).toBe(true)
    expect(await predownloads(app)).toMatchObject([{ infoHash: two.infoHash, why: 'next' }])
    expect(await other.uploadedBytes()).toBe(0)
  },
)

swarmTest(
  'PREDOWNLOAD=all fetches all of a film after its viewer left, until the owner stops it',
  async () => {
    await using film = await seedFilm(patternBytes(48 * MIB), { uploadLimit: 6 * MIB })
    await using app = await startTestApp({ ...film.settings, PREDOWNLOAD: 'all' })
    const url = `${app.url}/stream/proxy/${film.infoHash}`
    const watch = async () => {
      const viewer = await openStream(url)
      await readBytes(viewer, 4 * MIB)
      viewer.destroy()
    }
    // Reading a little of it is no reason to fetch it.
    await getRange(url, 0, MIB)
    expect(await states(app)).toEqual([])
    await watch()
    await expect.poll(() => states(app), SLOW).toEqual(['all fetching'])
    const bytesThere = async () => (await apiOf(app.url).get(film.infoHash)).body.bytesThere
    await expect.poll(bytesThere, SLOW).toBeGreaterThan(10 * MIB)

    const api = apiOf(app.url)
    expect(await api.ask('DELETE', `/api/predownloads/${film.infoHash}`)).toMatchObject({
      body: { stopped: 1 },
    })
    expect(await states(app)).toEqual([])
    expect((await api.ask('DELETE', `/api/predownloads/${film.infoHash}`)).status).toBe(404)
    expect(app.app.torrents.isGuessed(film.infoHash as InfoHash)).toBe(false)
    await watch()
    expect(await states(app)).toEqual([])
    expect((await api.get(film.infoHash)).body.state).not.toBe('whole')
  },
)

swarmTest('PREDOWNLOAD=all fetches all of a film after its viewer left', async () => {
  await using film = await seedFilm(patternBytes(32 * MIB), { uploadLimit: 12 * MIB })
  await using app = await startTestApp({ ...film.settings, PREDOWNLOAD: 'all' })
  const viewer = await openStream(`${app.url}/stream/proxy/${film.infoHash}`)
  await readBytes(viewer, 3 * MIB)
  viewer.destroy()
  await expect.poll(() => states(app), SLOW).toEqual(['all done'])
  expect(await isCompleteOnDisk(app, film.infoHash)).toBe(true)
})

swarmTest('while a viewer of another film waits for bytes, no guess is fetched', async () => {
  await using guessed = await seedFilm(patternBytes(20 * MIB))
  // Slower than a viewer reads: their window never fills.
  await using watched = await seedFilm(patternBytes(90 * MIB, 'watched'), {
    trackerUrl: guessed.trackerUrl,
    uploadLimit: 3 * MIB,
  })
  await using app = await startWithFilms([movie(guessed, 'tt1')], {
    ...guessed.settings,
    PREDOWNLOAD: 'first',
  })
  const viewer = await openStream(`${app.url}/stream/proxy/${watched.infoHash}`)
  // All the time: a viewer who pauses soon has a full window and leaves the bandwidth to others.
  let read = 0
  viewer.on('data', (part: Buffer) => (read += part.length))
  // The window is small at first, and the seeder's first blocks may fill it for a moment.
  await expect.poll(() => read, SLOW).toBeGreaterThan(10 * MIB)
  await list(app, 'movie/tt1')
  await expect.poll(() => states(app), SLOW).toEqual(['first fetching'])
  const before = read
  await expect.poll(() => read - before, SLOW).toBeGreaterThan(6 * MIB)
  expect(await guessed.uploadedBytes()).toBe(0)
  expect(await states(app)).toEqual(['first fetching'])
  viewer.destroy()
  await expect.poll(() => states(app), SLOW).toEqual(['first done'])
})

swarmTest('a guess never evicts what was wanted', async () => {
  await using film = await seedFilm(patternBytes(12 * MIB))
  await using guessed = await seedFilm(patternBytes(20 * MIB, 'guess'), { trackerUrl: film.trackerUrl })
  await using app = await startWithFilms([movie(guessed, 'tt1')], {
    ...film.settings,
    PREDOWNLOAD: 'first',
    CACHE_MAX_SIZE: '20MiB',
  })
  await (await fetch(`${app.url}/stream/proxy/${film.infoHash}`)).arrayBuffer()
  await expect.poll(() => isCompleteOnDisk(app, film.infoHash), SLOW).toBe(true)
  await list(app, 'movie/tt1')
  await expect
    .poll(() => predownloads(app), SLOW)
    .toMatchObject([{ state: 'waiting', reason: expect.stringContaining('does not fit') }])
  expect(await guessed.uploadedBytes()).toBe(0)
  expect(await isCompleteOnDisk(app, film.infoHash)).toBe(true)
})

swarmTest('a guess is the first to be evicted when a viewer needs space', async () => {
  await using guessed = await seedFilm(patternBytes(20 * MIB, 'guess'))
  await using old = await seedFilm(patternBytes(4 * MIB, 'old'), { trackerUrl: guessed.trackerUrl })
  await using film = await seedFilm(patternBytes(16 * MIB), { trackerUrl: guessed.trackerUrl })
  await using app = await startWithFilms([movie(guessed, 'tt1')], {
    ...guessed.settings,
    PREDOWNLOAD: 'first',
    CACHE_MAX_SIZE: '28MiB',
  })
  const play = async ({ infoHash }: Swarm) =>
    (await fetch(`${app.url}/stream/proxy/${infoHash}`)).arrayBuffer()
  await play(old)
  await list(app, 'movie/tt1')
  await expect.poll(() => states(app), SLOW).toEqual(['first done'])
  await play(film)
  const onDisk = async () => (await apiOf(app.url).list()).map(({ infoHash }) => infoHash).toSorted()
  await expect.poll(onDisk, SLOW).toEqual([old.infoHash, film.infoHash].toSorted())
  // A removed guess is no longer listed.
  expect(await states(app)).toEqual([])
})

swarmTest('a guess gives its place in the swarm to a wanted torrent, and takes it back later', async () => {
  await using guessed = await seedFilm(patternBytes(20 * MIB, 'guess'), { uploadLimit: 4 * MIB })
  await using wished = await seedFilm(patternBytes(4 * MIB), { trackerUrl: guessed.trackerUrl })
  await using app = await startWithFilms([movie(guessed, 'tt1')], {
    ...guessed.settings,
    PREDOWNLOAD: 'first',
    TORRENT_MAX_CONNECTIONS: '1',
  })
  await list(app, 'movie/tt1')
  await expect.poll(() => guessed.uploadedBytes(), SLOW).toBeGreaterThan(MIB)
  await apiOf(app.url).upload(wished.metainfo)
  await expect.poll(() => states(app), SLOW).toEqual(['first waiting'])
  await expect.poll(() => isCompleteOnDisk(app, wished.infoHash), SLOW).toBe(true)
  await expect.poll(() => states(app), SLOW).toEqual(['first done'])
})
