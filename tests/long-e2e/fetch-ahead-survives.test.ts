import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { apiOf } from '../support/api-client.ts'
import { expectSameBytes, patternBytes } from '../support/pattern-bytes.ts'
import { seedFilm } from '../support/seeded-film.ts'
import { startServerProcess } from '../support/server-process.ts'
import { hasSeeder, startSwarm, startTracker } from '../support/swarm.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestApp } from '../support/test-app.ts'

const MIB = 1024 * 1024
const SLOW = { timeout: 60_000, interval: 100 }
const swarmTest = test.skipIf(!hasSeeder)

swarmTest(
  'a download survives a stop and a kill while it is fetched, and no piece is fetched twice',
  async () => {
    await using film = await seedFilm(patternBytes(48 * MIB), { uploadLimit: 8 * MIB })
    await using downloads = await temporaryFolder()
    const settings = {
      ...film.settings,
      TORRENT_DOWNLOAD_PATH: downloads.path,
      TORRENT_CLEANUP_INTERVAL: '1000',
      LOG_LEVEL: 'warn',
    }
    const bytesThere = async (url: string) => (await apiOf(url).get(film.infoHash)).body.bytesThere
    for (const [signal, upTo] of [
      ['SIGTERM', 10 * MIB],
      ['SIGKILL', 24 * MIB],
    ] as const) {
      await using server = startServerProcess({ ...settings, LOG_LEVEL: 'info' })
      const url = await server.url()
      if (signal === 'SIGTERM')
        expect((await apiOf(url).add({ magnet: film.magnet, pin: false })).status).toBe(202)
      await expect.poll(() => bytesThere(url), SLOW).toBeGreaterThan(upTo)
      server.child.kill(signal)
      await server.ended()
    }
    await using server = startServerProcess({ ...settings, LOG_LEVEL: 'info', TORRENT_CLEANUP_INTERVAL: '0' })
    const url = await server.url()
    await expect.poll(async () => (await apiOf(url).get(film.infoHash)).body.state, SLOW).toBe('whole')
    expectSameBytes(await readFile(join(downloads.path, film.infoHash, 'Film.mkv')), film.bytes)
    // A kill only loses what was not written down yet.
    expect(await film.uploadedBytes()).toBeLessThan(film.bytes.length + 24 * MIB)
  },
)

swarmTest(
  'an added magnet link without peers is fetched when a peer appears, also after a kill',
  async () => {
    await using downloads = await temporaryFolder()
    // It only answers with the key, which the link has.
    await using tracker = await startTracker('secret')
    await using film = await seedFilm(patternBytes(3 * MIB), { trackerUrl: tracker.url })
    await film.stopSeeding()
    // The link names the tracker, which is noted with the download.
    const settings = {
      TORRENT_DOWNLOAD_PATH: downloads.path,
      TORRENT_TRACKERS: tracker.url.replace(/\?.*/, ''),
      TORRENT_TIMEOUT: '2000',
    }
    {
      await using server = startServerProcess(settings)
      const added = await apiOf(await server.url()).add({ magnet: film.magnet })
      // Once it is answered, it is on disk.
      server.child.kill('SIGKILL')
      expect(added.status).toBe(202)
      await server.ended()
    }
    await using server = startServerProcess(settings)
    const api = apiOf(await server.url())
    await using _seeder = await startSwarm({ path: film.path, trackerUrl: tracker.url })
    await expect.poll(async () => (await api.get(film.infoHash)).body.state, SLOW).toBe('whole')
    expectSameBytes(await readFile(join(downloads.path, film.infoHash, 'Film.mkv')), film.bytes)
  },
)

swarmTest('a file that is removed while it is fetched ahead is fetched again', async () => {
  await using film = await seedFilm(patternBytes(16 * MIB), { uploadLimit: 4 * MIB })
  await using app = await startTestApp(film.settings)
  const api = apiOf(app.url)
  await api.upload(film.metainfo)
  await expect.poll(async () => (await api.get(film.infoHash)).body.bytesThere, SLOW).toBeGreaterThan(2 * MIB)
  await rm(join(app.folder, film.infoHash, 'Film.mkv'))
  await expect.poll(async () => (await api.get(film.infoHash)).body.state, SLOW).toBe('whole')
  expectSameBytes(await readFile(join(app.folder, film.infoHash, 'Film.mkv')), film.bytes)
})
