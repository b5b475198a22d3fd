import { access, readdir, stat } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { leaveCompleteTorrent } from '../support/earlier-run.ts'
import { getRange, openStream, readBytes } from '../support/http-client.ts'
import { expectSameBytes, patternBytes } from '../support/pattern-bytes.ts'
import { seedFilm } from '../support/seeded-film.ts'
import { hasSeeder, type Swarm } from '../support/swarm.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'
import { canMount, mountTmpfs, type Tmpfs } from '../support/tmpfs.ts'

const MIB = 1024 * 1024
const HOUR_MS = 3_600_000
const swarmTest = test.skipIf(!hasSeeder)
const diskTest = test.skipIf(!hasSeeder || !canMount)

diskTest(
  'a fast download keeps the free space of the disk: idle films are evicted, then the download stops',
  async () => {
    await using disk = await mountTmpfs(112 * MIB)
    const minFree = 24 * MIB
    const idle = await leaveCompleteTorrent({
      root: disk.path,
      files: [{ name: 'Idle.mkv', bytes: patternBytes(24 * MIB, 'idle') }],
      lastReadAt: Date.now() - HOUR_MS,
    })
    const film = patternBytes(120 * MIB)
    await using seeder = await seedFilm(film)
    await using app = await startTestApp({
      ...seeder.settings,
      TORRENT_DOWNLOAD_PATH: disk.path,
      TORRENT_CLEANUP_INTERVAL: String(24 * HOUR_MS),
      CACHE_MIN_FREE: String(minFree),
      STREAM_STALL_TIMEOUT: '2000',
    })
    const url = `${app.url}/stream/proxy/${seeder.infoHash}`
    const watched = watchFree(disk.freeBytes)
    const bytes = await readUntilCut(await openStream(url))
    const leastFree = await watched.stop()

    // All that fits, except a piece or so.
    expect(bytes.length).toBeGreaterThan(112 * MIB - minFree - 4 * MIB)
    expectSameBytes(bytes, film.subarray(0, bytes.length))
    expect(leastFree).toBeGreaterThanOrEqual(minFree)
    expect(disk.availableByDf()).toBeGreaterThanOrEqual(minFree)
    expect(await isThere(idle.directory)).toBe(false)
    const refused = await fetch(url, { headers: { Range: `bytes=${film.length - 8 * MIB}-` } })
    expect(refused.status).toBe(507)
    expect(((await refused.json()) as { message: string }).message).toMatch(/25\.2 MB .*CACHE_MIN_FREE/)
  },
)

swarmTest(
  'a film larger than the cache is watched to its end, but not fetched far ahead of the viewer',
  async () => {
    const maxSize = 12 * MIB
    const film = patternBytes(64 * MIB)
    await using seeder = await seedFilm(film)
    await using app = await startTestApp({
      ...seeder.settings,
      TORRENT_CLEANUP_INTERVAL: '0',
      CACHE_MAX_SIZE: String(maxSize),
    })
    const { infoHash } = seeder
    const path = join(app.folder, infoHash, 'Film.mkv')
    const viewer = await openStream(`${app.url}/stream/proxy/${infoHash}`)
    const begin = await readBytes(viewer, MIB)
    // What a viewer needs next is fetched anyway; without the limit the rest would arrive within a second.
    await sleep(3_000)
    expect(await takenBy(path)).toBeLessThan(maxSize + 20 * MIB)

    expectSameBytes(Buffer.concat([begin, await readBytes(viewer, film.length - MIB)]), film)
    // Its viewer has left.
    await expect.poll(() => isThere(path)).toBe(false)
  },
)

diskTest('a full disk under an extra path stops only downloads to that path', async () => {
  await using root = await mountTmpfs(24 * MIB)
  await using extra = await mountTmpfs(24 * MIB)
  const film = patternBytes(6 * MIB)
  await using here = await seedFilm(film)
  await using there = await seedFilm(patternBytes(6 * MIB, 'there'), { trackerUrl: here.trackerUrl })
  await using app = await startTestApp({
    ...here.settings,
    TORRENT_DOWNLOAD_PATH: root.path,
    TORRENT_EXTRA_PATHS: extra.path,
    CACHE_MIN_FREE: '0',
  })
  await extra.fillTo(0)
  await expect(openThere(app, extra, there)).rejects.toMatchObject({ code: 'disk.full' })
  const url = `${app.url}/stream/proxy/${here.infoHash}`
  expectSameBytes(await getRange(url, 0, film.length - 1), film)
  await extra.clear()
  await using stream = await openThere(app, extra, there)
  expect(stream.path.startsWith(extra.path)).toBe(true)
})

diskTest(
  'a torrent under an extra path needs space in the download folder for the note of its location',
  async () => {
    await using root = await mountTmpfs(4 * MIB)
    await using extra = await mountTmpfs(24 * MIB)
    await using seeder = await seedFilm(patternBytes(6 * MIB))
    await root.fillTo(0)
    await using app = await startTestApp({
      ...seeder.settings,
      TORRENT_DOWNLOAD_PATH: root.path,
      TORRENT_EXTRA_PATHS: extra.path,
      CACHE_MIN_FREE: '0',
    })
    await expect(openThere(app, extra, seeder)).rejects.toMatchObject({ code: 'disk.full' })
    expect((await readdir(root.path)).filter((name) => name.includes(seeder.infoHash))).toEqual([])
    await root.clear()
    await using stream = await openThere(app, extra, seeder)
    expect(stream.path.startsWith(extra.path)).toBe(true)
  },
)

function openThere({ app }: TestApp, extra: Tmpfs, { infoHash }: Swarm) {
  return app.torrents.getStream(infoHash, { customPath: extra.path })
}

/** Checks the free space all the time. */
function watchFree(freeBytes: () => number): { stop(): Promise<number> } {
  let least = freeBytes()
  let isStopped = false
  const watching = (async () => {
    while (!isStopped) {
      least = Math.min(least, freeBytes())
      await sleep(5)
    }
  })()
  return {
    async stop() {
      isStopped = true
      await watching
      return least
    },
  }
}

async function readUntilCut(stream: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  const closed = new Promise((done) => stream.on('close', done))
  stream.on('error', () => undefined).on('data', (part: Buffer) => parts.push(part))
  await closed
  return Buffer.concat(parts)
}

async function takenBy(path: string): Promise<number> {
  return (await stat(path)).blocks * 512
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
