import { expect, test } from 'vitest'
import { apiOf } from '../support/api-client.ts'
import { openStream, readBytes } from '../support/http-client.ts'
import { expectSameBytes, patternBytes } from '../support/pattern-bytes.ts'
import { seedFilm } from '../support/seeded-film.ts'
import { hasSeeder } from '../support/swarm.ts'
import { startTestApp } from '../support/test-app.ts'

const MIB = 1024 * 1024
const SLOW = { timeout: 60_000, interval: 100 }
const swarmTest = test.skipIf(!hasSeeder)

swarmTest('fetching ahead gives way to a viewer of another film, and resumes afterwards', async () => {
  await using wished = await seedFilm(patternBytes(32 * MIB))
  await using watched = await seedFilm(patternBytes(12 * MIB, 'watched'), { trackerUrl: wished.trackerUrl })
  // They share the download limit.
  await using app = await startTestApp({ ...wished.settings, TORRENT_DOWNLOAD_LIMIT: '6MiB' })
  const api = apiOf(app.url)
  await api.upload(wished.metainfo)
  await expect
    .poll(async () => (await api.get(wished.infoHash)).body.bytesThere, SLOW)
    .toBeGreaterThan(4 * MIB)

  const viewer = await openStream(`${app.url}/stream/proxy/${watched.infoHash}`)
  await readBytes(viewer, 2 * MIB)
  const before = await wished.uploadedBytes()
  expectSameBytes(await readBytes(viewer, 8 * MIB), watched.bytes.subarray(2 * MIB, 10 * MIB))
  // Everything except blocks requested earlier went to the viewer.
  expect((await wished.uploadedBytes()) - before).toBeLessThan(2 * MIB)
  viewer.destroy()
  await expect.poll(async () => (await api.get(wished.infoHash)).body.state, SLOW).toBe('whole')
})

swarmTest('when the swarm has a place for one torrent, a viewer takes it and returns it', async () => {
  await using wished = await seedFilm(patternBytes(12 * MIB), { uploadLimit: 6 * MIB })
  await using watched = await seedFilm(patternBytes(4 * MIB, 'watched'), { trackerUrl: wished.trackerUrl })
  await using app = await startTestApp({ ...wished.settings, TORRENT_MAX_CONNECTIONS: '1' })
  const api = apiOf(app.url)
  await api.upload(wished.metainfo)
  await expect
    .poll(async () => (await api.get(wished.infoHash)).body.bytesThere, SLOW)
    .toBeGreaterThan(2 * MIB)

  const answer = await fetch(`${app.url}/stream/proxy/${watched.infoHash}`)
  expectSameBytes(Buffer.from(await answer.arrayBuffer()), watched.bytes)
  expect((await api.get(wished.infoHash)).body).toMatchObject({ state: 'queued', wish: 'main' })
  await expect.poll(async () => (await api.get(wished.infoHash)).body.state, SLOW).toBe('whole')
})
