import { readdir, readlink, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { InfoHash } from '../../src/domain/bittorrent/info-hash.ts'
import { leaveCompleteTorrent } from '../support/earlier-run.ts'
import { getRange, openStream, readBytes } from '../support/http-client.ts'
import { expectSameBytes, patternBytes, sha256 } from '../support/pattern-bytes.ts'
import { hasSeeder, type Swarm, startSwarm } from '../support/swarm.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { isCompleteOnDisk, startTestApp, type TestApp } from '../support/test-app.ts'

const MIB = 1024 * 1024
const film = patternBytes(56 * MIB + 12_345)
const resources = new AsyncDisposableStack()
let path: string

beforeAll(async () => {
  path = join(resources.use(await temporaryFolder()).path, 'Film.mkv')
  await writeFile(path, film)
})
afterAll(() => resources.disposeAsync())

const swarmTest = test.skipIf(!hasSeeder)

swarmTest(
  'two viewers of one film get the right bytes at the same time, whatever the other does',
  async () => {
    await using swarm = await startSwarm({ path, uploadLimit: 16 * MIB })
    await using app = await startTestApp(swarm.settings)
    const url = `${app.url}/stream/proxy/${swarm.infoHash}`
    const leaving = await openStream(url, { Range: 'bytes=40000000-' })
    const [first, second] = await Promise.all([
      fetch(url).then((answer) => answer.arrayBuffer()),
      getRange(url, 30 * MIB, 45 * MIB),
      readBytes(leaving, 3 * MIB).then((bytes) => {
        leaving.destroy()
        expectSameBytes(bytes, film.subarray(40_000_000, 40_000_000 + 3 * MIB))
      }),
    ])
    expect(sha256(new Uint8Array(first))).toBe(sha256(film))
    expectSameBytes(second, film.subarray(30 * MIB, 45 * MIB + 1))
  },
)

swarmTest('a viewer who leaves early frees everything, and nothing more is fetched', async () => {
  await using swarm = await startSwarm({ path, uploadLimit: 6 * MIB })
  await using app = await startTestApp(swarm.settings)
  const viewer = await openStream(`${app.url}/stream/proxy/${swarm.infoHash}`)
  await readBytes(viewer, 2 * MIB)
  viewer.destroy()

  await expect.poll(() => openFilms(app)).toEqual([])
  let before = -1
  await expect
    .poll(
      async () => {
        const [earlier, now] = [before, await bytesOnDisk(app, swarm)]
        before = now
        return now === earlier
      },
      { interval: 500, timeout: 4_000 },
    )
    .toBe(true)
  expect(before).toBeLessThan(28 * MIB)
  expect(app.app.torrents.isUsed(swarm.infoHash as InfoHash)).toBe(false)
})

swarmTest('a film watched to its half is fetched to its end after the viewer left', async () => {
  await using swarm = await startSwarm({ path, uploadLimit: 20 * MIB })
  await using app = await startTestApp(swarm.settings)
  const viewer = await openStream(`${app.url}/stream/proxy/${swarm.infoHash}`)
  await readBytes(viewer, 32 * MIB)
  viewer.destroy()
  await expect.poll(() => isCompleteOnDisk(app, swarm.infoHash)).toBe(true)
})

swarmTest('a film is removed after the idle time, but never while it is read', async () => {
  await using swarm = await startSwarm({ path })
  await using folder = await temporaryFolder()
  const other = await leaveCompleteTorrent({
    root: folder.path,
    files: [{ name: 'Other.mkv', bytes: film.subarray(0, MIB) }],
    // It stays until it is read.
    lastReadAt: Date.now() + 60_000,
  })
  await using app = await startTestApp({
    ...swarm.settings,
    TORRENT_DOWNLOAD_PATH: folder.path,
    TORRENT_CLEANUP_INTERVAL: '1500',
  })
  const viewer = await openStream(`${app.url}/stream/proxy/${swarm.infoHash}`)
  await readBytes(viewer, MIB)
  await expect.poll(() => isCompleteOnDisk(app, swarm.infoHash)).toBe(true)
  // Read later than the first, which is already removed: clean-up has run since this one was past its idle time too.
  expect((await fetch(`${app.url}/stream/proxy/${other.infoHash}`)).status).toBe(200)
  await expect.poll(async () => (await readdir(app.folder)).includes(other.infoHash)).toBe(false)
  expect(await isCompleteOnDisk(app, swarm.infoHash)).toBe(true)
  expectSameBytes(await readBytes(viewer, 50 * MIB), film.subarray(MIB, 51 * MIB))

  viewer.destroy()
  const leftAt = Date.now()
  await expect.poll(async () => (await readdir(app.folder)).includes(swarm.infoHash)).toBe(false)
  expect(Date.now() - leftAt).toBeLessThan(1_500 * 1.5 + 10_000)
})

swarmTest(
  'when all places in the swarm are taken, the next torrent gets 503 until an idle one gives way',
  async () => {
    await using other = await temporaryFolder()
    await writeFile(join(other.path, 'Other.mp4'), film.subarray(0, 3 * MIB))
    await using swarm = await startSwarm({ path, uploadLimit: MIB })
    await using second = await startSwarm({ path: join(other.path, 'Other.mp4') })
    await using app = await startTestApp({
      TORRENT_TRACKERS: `${swarm.trackerUrl},${second.trackerUrl}`,
      TORRENT_MAX_CONNECTIONS: '1',
    })
    const viewer = await openStream(`${app.url}/stream/proxy/${swarm.infoHash}`)
    await readBytes(viewer, MIB)

    const busy = await fetch(`${app.url}/stream/proxy/${second.infoHash}`)
    expect(busy.status).toBe(503)
    expect(Number(busy.headers.get('retry-after'))).toBeGreaterThan(0)
    await busy.arrayBuffer()

    viewer.destroy()
    await expect
      .poll(
        async () => {
          const answer = await fetch(`${app.url}/stream/proxy/${second.infoHash}`)
          return sha256(new Uint8Array(await answer.arrayBuffer()))
        },
        { timeout: 20_000 },
      )
      .toBe(sha256(film.subarray(0, 3 * MIB)))
  },
)

async function bytesOnDisk(app: TestApp, swarm: Swarm): Promise<number> {
  const file = await stat(join(app.folder, swarm.infoHash, 'Film.mkv')).catch(() => undefined)
  return (file?.blocks ?? 0) * 512
}

/** Open files of films in this process, which serves them. */
async function openFilms(app: TestApp): Promise<string[]> {
  const handles = await readdir('/proc/self/fd')
  const targets = await Promise.all(handles.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')))
  return targets.filter((target) => target.startsWith(app.folder) && target.endsWith('.mkv'))
}
