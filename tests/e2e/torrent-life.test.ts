import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { getRange, openStream, readBytes } from '../support/http-client.ts'
import { expectSameBytes, patternBytes, sha256 } from '../support/pattern-bytes.ts'
import { childrenOf } from '../support/processes.ts'
import { hasSeeder, startSwarm, startTracker } from '../support/swarm.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { isCompleteOnDisk, startTestApp } from '../support/test-app.ts'

const MIB = 1024 * 1024
const NO_STREAM = {
  error: 'Stream not found',
  message: 'Unable to stream this content. P2P connectivity is unavailable and no cached version exists.',
  suggestion: 'This content requires P2P connectivity or needs to be downloaded first.',
}
const UNKNOWN = 'c0ffee0000000000000000000000000000000000'
const swarmTest = test.skipIf(!hasSeeder)

test.for(['GET', 'HEAD'])(
  'a %s for a film without peers is answered 404 in time, and so are requests in the meantime',
  async (method) => {
    await using tracker = await startTracker()
    await using app = await startTestApp({
      TORRENT_TRACKERS: tracker.url,
      TORRENT_TIMEOUT: '1200',
      TORRENT_MAX_RETRIES: '1',
    })
    const ask = async () => {
      const askedAt = Date.now()
      const answer = await fetch(`${app.url}/stream/proxy/${UNKNOWN}`, { method })
      expect(answer.status).toBe(404)
      if (method === 'GET') expect(await answer.json()).toEqual(NO_STREAM)
      expect(Date.now() - askedAt).toBeLessThan(1_200 + 10_000)
    }
    await Promise.all([ask(), ask(), ask()])
    await ask()
    // Nothing was received, so nothing is left behind.
    expect((await readdir(app.folder)).filter((name) => name.includes(UNKNOWN))).toEqual([])
  },
)

swarmTest('a torrent whose peers come late is found by the attempts in the background', async () => {
  await using folder = await temporaryFolder()
  const path = join(folder.path, 'Late.mkv')
  await writeFile(path, patternBytes(2 * MIB))
  await using swarm = await startSwarm({ path })
  await swarm.stopSeeding()
  await using app = await startTestApp({
    ...swarm.settings,
    TORRENT_TIMEOUT: '1000',
    TORRENT_MAX_RETRIES: '8',
  })
  const url = `${app.url}/stream/proxy/${swarm.infoHash}`
  expect((await fetch(url)).status).toBe(404)

  await using _seeder = await startSwarm({ path, trackerUrl: swarm.trackerUrl })
  await expect.poll(async () => (await fetch(url)).status).toBe(200)
})

swarmTest('of several files the requested one is sent, else the largest video; others are 404', async () => {
  await using folder = await temporaryFolder()
  const pack = join(folder.path, 'Pack')
  await mkdir(join(pack, 'Extras'), { recursive: true })
  const files: [string, Buffer][] = [
    ['Pack.nfo', patternBytes(500, 'nfo')],
    ['S01E01.mkv', patternBytes(700_001, 'one')],
    ['S01E02.mkv', patternBytes(1_500_003, 'two')],
    ['zz-notes.txt', patternBytes(3_000_000, 'notes')],
  ]
  for (const [name, bytes] of files) await writeFile(join(pack, name), bytes)
  await using swarm = await startSwarm({ path: pack, pieceLength: 65_536 })
  await using app = await startTestApp(swarm.settings)
  const url = `${app.url}/stream/proxy/${swarm.infoHash}`
  const get = async (way: string) => Buffer.from(await (await fetch(`${url}${way}`)).arrayBuffer())

  const inOrder = await indexesOf(
    swarm.metainfo,
    files.map(([name]) => name),
  )
  expectSameBytes(await get(''), files[2]?.[1] as Buffer)
  expectSameBytes(await get(`/${inOrder['S01E01.mkv']}`), files[1]?.[1] as Buffer)
  expectSameBytes(await get(`/${inOrder['S01E02.mkv']}/anything.mkv`), files[2]?.[1] as Buffer)
  for (const way of [`/${inOrder['Pack.nfo']}`, `/${inOrder['zz-notes.txt']}`, '/99']) {
    expect((await fetch(`${url}${way}`)).status, way).toBe(404)
  }
  // Only the requested file was fetched, except for the ends of the pieces it shares.
  const notes = await readFile(join(app.folder, swarm.infoHash, 'zz-notes.txt')).catch(() => Buffer.alloc(0))
  expect(notes.filter((byte) => byte !== 0).length).toBeLessThan(2 * 65_536)
})

swarmTest('when the engine process is killed, viewers wait and then get the right bytes', async () => {
  await using folder = await temporaryFolder()
  const film = patternBytes(24 * MIB)
  const path = join(folder.path, 'Film.mkv')
  await writeFile(path, film)
  await using swarm = await startSwarm({ path, uploadLimit: 8 * MIB })
  await using app = await startTestApp(swarm.settings)
  const viewer = await openStream(`${app.url}/stream/proxy/${swarm.infoHash}`)
  const first = await readBytes(viewer, 3 * MIB)
  const [engine] = childrenOf(process.pid, 'engine/child/main.ts')
  expect(engine).toBeDefined()
  process.kill(engine as number, 'SIGKILL')
  const rest = await readBytes(viewer, film.length - 3 * MIB)
  expectSameBytes(Buffer.concat([first, rest]), film)
  expect(childrenOf(process.pid, 'engine/child/main.ts')).not.toContain(engine)
})

swarmTest('a film that is removed from the disk while the server runs is fetched again', async () => {
  await using folder = await temporaryFolder()
  const film = patternBytes(3 * MIB)
  const path = join(folder.path, 'Film.mkv')
  await writeFile(path, film)
  await using swarm = await startSwarm({ path })
  await using app = await startTestApp(swarm.settings)
  const url = `${app.url}/stream/proxy/${swarm.infoHash}`
  const get = async () => Buffer.from(await (await fetch(url)).arrayBuffer())
  expectSameBytes(await get(), film)
  await expect.poll(() => isCompleteOnDisk(app, swarm.infoHash)).toBe(true)
  await rm(join(app.folder, swarm.infoHash, 'Film.mkv'))
  await expect.poll(async () => sha256(await get())).toBe(sha256(film))
})

swarmTest('a byte that was changed on disk is never sent, and its piece is fetched again', async () => {
  await using folder = await temporaryFolder()
  await using downloads = await temporaryFolder()
  const film = patternBytes(6 * MIB)
  const path = join(folder.path, 'Film.mkv')
  await writeFile(path, film)
  await using swarm = await startSwarm({ path })
  const settings = { ...swarm.settings, TORRENT_DOWNLOAD_PATH: downloads.path }
  {
    await using app = await startTestApp(settings)
    await (await fetch(`${app.url}/stream/proxy/${swarm.infoHash}`)).arrayBuffer()
    await expect.poll(() => isCompleteOnDisk(app, swarm.infoHash)).toBe(true)
  }
  const spoilt = Buffer.from(film)
  spoilt[4 * MIB] = (spoilt[4 * MIB] ?? 0) ^ 1
  await writeFile(join(downloads.path, swarm.infoHash, 'Film.mkv'), spoilt)

  await using app = await startTestApp(settings)
  expectSameBytes(
    await getRange(`${app.url}/stream/proxy/${swarm.infoHash}`, 3 * MIB, 5 * MIB),
    film.subarray(3 * MIB, 5 * MIB + 1),
  )
})

swarmTest('a torrent can be stored under an extra path, and nowhere else', async () => {
  await using folder = await temporaryFolder()
  await using extra = await temporaryFolder()
  const film = patternBytes(2 * MIB)
  const path = join(folder.path, 'Film.mkv')
  await writeFile(path, film)
  await using swarm = await startSwarm({ path })
  await using app = await startTestApp({ ...swarm.settings, TORRENT_EXTRA_PATHS: extra.path })
  const { torrents } = app.app
  const elsewhere = torrents.getStream(swarm.infoHash, { customPath: join(extra.path, '..') })
  await expect(elsewhere).rejects.toMatchObject({ code: 'torrent.bad_path' })

  const magnet = `magnet:?xt=urn:btih:${swarm.infoHash}&tr=${encodeURIComponent(swarm.trackerUrl)}`
  await using stream = await torrents.getStream(magnet, { customPath: join(extra.path, 'films') })
  const parts: Buffer[] = []
  for await (const slice of stream.read({ start: 0, end: stream.size - 1 }, new AbortController().signal))
    parts.push(Buffer.from(slice))
  expectSameBytes(Buffer.concat(parts), film)
  expect(stream.path).toBe(join(extra.path, 'films', swarm.infoHash, 'Film.mkv'))
})

/** `fileIdx` of each name, from the torrent itself. */
async function indexesOf(metainfo: Uint8Array, names: readonly string[]): Promise<Record<string, number>> {
  const { parseMetainfo } = await import('../../src/domain/bittorrent/metainfo.ts')
  const files = parseMetainfo(metainfo).files.map(({ name }) => name)
  return Object.fromEntries(names.map((name) => [name, files.indexOf(name)]))
}
