import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseMetainfo } from '../../src/domain/bittorrent/metainfo.ts'
import { apiOf } from '../support/api-client.ts'
import { patternBytes } from '../support/pattern-bytes.ts'
import { seedFilm } from '../support/seeded-film.ts'
import { hasSeeder, startSwarm } from '../support/swarm.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestApp } from '../support/test-app.ts'

const MIB = 1024 * 1024
const SLOW = { timeout: 60_000, interval: 100 }
const swarmTest = test.skipIf(!hasSeeder)

swarmTest('the idle time of a film that was fetched ahead starts when it is complete', async () => {
  await using film = await seedFilm(patternBytes(9 * MIB), { uploadLimit: 3 * MIB })
  await using app = await startTestApp({ ...film.settings, TORRENT_CLEANUP_INTERVAL: '1200' })
  const api = apiOf(app.url)
  const addedAt = Date.now()
  const isLate = (time: string) => Date.parse(time) > addedAt + 1_200
  await api.add({ infoHash: film.infoHash, pin: false })
  // The download takes longer than the idle time, and no viewer reads it.
  await expect.poll(api.list, SLOW).toMatchObject([{ state: 'whole', lastReadAt: expect.toSatisfy(isLate) }])
  await expect.poll(api.list, SLOW).toEqual([])
})

swarmTest('of a folder only the selected files are fetched, and hardly more', async () => {
  await using folder = await temporaryFolder()
  const sizes = { 'a.mkv': 4, 'b.mkv': 6, 'c.mkv': 5, 'notes.txt': 1 }
  const path = join(folder.path, 'Season')
  await mkdir(path)
  for (const [name, size] of Object.entries(sizes))
    await writeFile(join(path, name), patternBytes(size * MIB, name))
  await using swarm = await startSwarm({ path })
  const names = parseMetainfo(swarm.metainfo).files.map(({ name }) => name)
  const wholeAfter = async (files: unknown, what: object = { infoHash: swarm.infoHash }) => {
    await using app = await startTestApp(swarm.settings)
    const api = apiOf(app.url)
    await api.add({ ...what, files })
    await expect.poll(async () => (await api.get(swarm.infoHash)).body.state, SLOW).toBe('whole')
    const { body } = await api.get(swarm.infoHash)
    return body.files.filter(({ isWhole }) => isWhole).map(({ name }) => name)
  }
  expect(await wholeAfter('main')).toEqual(['b.mkv'])
  expect(await wholeAfter([names.indexOf('a.mkv'), names.indexOf('c.mkv')])).toEqual(['a.mkv', 'c.mkv'])
  expect((await wholeAfter('all')).toSorted()).toEqual(Object.keys(sizes))

  const link = `magnet:?xt=urn:btih:${swarm.infoHash}&so=${['a.mkv', 'c.mkv'].map((name) => names.indexOf(name))}`
  expect(await wholeAfter(undefined, { magnet: link })).toEqual(['a.mkv', 'c.mkv'])
  expect(await wholeAfter('main', { magnet: link })).toEqual(['b.mkv'])
})

swarmTest(
  'a pin that turns out not to fit when the metadata arrives is refused with the numbers, until there is space',
  async () => {
    await using film = await seedFilm(patternBytes(8 * MIB))
    await using small = await seedFilm(patternBytes(4 * MIB, 'small'), { trackerUrl: film.trackerUrl })
    await using app = await startTestApp({ ...film.settings, CACHE_MAX_SIZE: '10MiB', CACHE_MIN_FREE: '0' })
    const api = apiOf(app.url)
    await api.add({ infoHash: small.infoHash })
    await expect.poll(async () => (await api.get(small.infoHash)).body.state, SLOW).toBe('whole')
    expect((await api.add({ infoHash: film.infoHash })).status).toBe(202)
    await expect.poll(async () => (await api.get(film.infoHash)).body.state, SLOW).toBe('refused')
    const { body } = await api.get(film.infoHash)
    expect(body.noRoom).toMatchObject({
      neededBytes: film.bytes.length,
      missingBytes: film.bytes.length,
      maxBytes: 10 * MIB,
      evictableBytes: 0,
    })
    expect(body.reason).toContain('CACHE_MAX_SIZE')
    expect(body.bytesThere).toBe(0)

    await api.remove(small.infoHash)
    await expect.poll(async () => (await api.get(film.infoHash)).body.state, SLOW).toBe('whole')
  },
)

swarmTest('a film removed while it is fetched ahead stays removed', async () => {
  await using film = await seedFilm(patternBytes(24 * MIB), { uploadLimit: 4 * MIB })
  await using app = await startTestApp(film.settings)
  const api = apiOf(app.url)
  await api.upload(film.metainfo)
  await expect.poll(async () => (await api.get(film.infoHash)).body.bytesThere, SLOW).toBeGreaterThan(2 * MIB)
  expect((await api.remove(film.infoHash)).body).toMatchObject({ removed: 1 })
  const uploaded = await film.uploadedBytes()
  expect(await api.list()).toEqual([])
  expect(app.app.torrents.activityOf(film.infoHash as never)).toBeUndefined()
  await expect(readFile(join(app.folder, film.infoHash, 'Film.mkv'))).rejects.toThrow()
  expect((await film.uploadedBytes()) - uploaded).toBeLessThan(MIB)
})
