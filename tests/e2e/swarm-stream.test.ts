import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
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

swarmTest('a film is fetched completely from the swarm, and 20 random ranges of it are right', async () => {
  await using swarm = await startSwarm({ path })
  await using app = await startTestApp(swarm.settings)
  const url = `${app.url}/stream/proxy/${swarm.infoHash}`

  const whole = await fetch(url)
  expect(whole.status).toBe(200)
  expect(whole.headers.get('content-length')).toBe(String(film.length))
  expect(whole.headers.get('content-type')).toBe('video/x-matroska')
  expect(sha256(new Uint8Array(await whole.arrayBuffer()))).toBe(sha256(film))
  await checkRandomRanges(url)
})

swarmTest('20 random ranges are right while the film is being fetched', async () => {
  await using swarm = await startSwarm({ path, uploadLimit: 12 * MIB })
  await using app = await startTestApp(swarm.settings)
  await checkRandomRanges(`${app.url}/stream/proxy/${swarm.infoHash}/0/Film.mkv`)
})

swarmTest('a seek far ahead of the download is answered before the rest', async () => {
  await using swarm = await startSwarm({ path, uploadLimit: 3 * MIB })
  await using app = await startTestApp(swarm.settings)
  const url = `${app.url}/stream/proxy/${swarm.infoHash}/0`
  const viewer = await openStream(url)
  expectSameBytes(await readBytes(viewer, MIB), film.subarray(0, MIB))
  viewer.destroy()

  const start = 50 * MIB + 7
  expectSameBytes(await getRange(url, start, start + MIB), film.subarray(start, start + MIB + 1))
  // At 3 MiB/s all of it takes 19 s; the part between cannot have been fetched first.
  expect(await bytesOnDisk(app, swarm)).toBeLessThan(30 * MIB)
})

swarmTest('without a swarm, a restarted server sends the same bytes from disk', async () => {
  await using folder = await temporaryFolder()
  await using swarm = await startSwarm({ path })
  const settings = { ...swarm.settings, TORRENT_DOWNLOAD_PATH: folder.path }
  let etag: string | null
  {
    await using app = await startTestApp(settings)
    const answer = await fetch(`${app.url}/stream/proxy/${swarm.infoHash}`)
    etag = answer.headers.get('etag')
    expect(sha256(new Uint8Array(await answer.arrayBuffer()))).toBe(sha256(film))
    await expect.poll(() => isCompleteOnDisk(app, swarm.infoHash)).toBe(true)
  }
  await swarm.stopSeeding()

  await using app = await startTestApp(settings)
  const url = `${app.url}/stream/proxy/${swarm.infoHash}`
  const head = await fetch(url, { method: 'HEAD' })
  expect(head.headers.get('content-length')).toBe(String(film.length))
  const again = await fetch(url)
  expect(again.headers.get('etag')).toBe(etag)
  expect(sha256(new Uint8Array(await again.arrayBuffer()))).toBe(sha256(film))
  await checkRandomRanges(url)
})

swarmTest('a partly fetched film is resumed after a restart', async () => {
  await using folder = await temporaryFolder()
  await using swarm = await startSwarm({ path, uploadLimit: 8 * MIB })
  const settings = { ...swarm.settings, TORRENT_DOWNLOAD_PATH: folder.path }
  {
    await using app = await startTestApp(settings)
    expectSameBytes(
      await getRange(`${app.url}/stream/proxy/${swarm.infoHash}`, 0, 4 * MIB - 1),
      film.subarray(0, 4 * MIB),
    )
  }
  await swarm.stopSeeding()

  await using app = await startTestApp({ ...settings, TORRENT_TIMEOUT: '4000', TORRENT_MAX_RETRIES: '0' })
  const url = `${app.url}/stream/proxy/${swarm.infoHash}`
  // What was there is served without peers; what was not, is not.
  expectSameBytes(await getRange(url, MIB, 4 * MIB - 1), film.subarray(MIB, 4 * MIB))
  expect((await fetch(url, { headers: { Range: 'bytes=52000000-' } })).status).toBe(404)
})

swarmTest('while a viewer watches slowly, the rest of the film is fetched in the background', async () => {
  await using swarm = await startSwarm({ path })
  await using app = await startTestApp(swarm.settings)
  const viewer = await openStream(`${app.url}/stream/proxy/${swarm.infoHash}`)
  await readBytes(viewer, MIB)
  await expect.poll(() => isCompleteOnDisk(app, swarm.infoHash)).toBe(true)
  viewer.destroy()
})

async function checkRandomRanges(url: string): Promise<void> {
  for (let n = 0; n < 20; n++) {
    const start = Math.floor(Math.random() * film.length)
    const end = Math.min(film.length - 1, start + Math.floor(Math.random() * MIB))
    expect(sha256(await getRange(url, start, end)), `bytes ${start}-${end}`).toBe(
      sha256(film.subarray(start, end + 1)),
    )
  }
}

async function bytesOnDisk(app: TestApp, swarm: Swarm): Promise<number> {
  const file = await stat(join(app.folder, swarm.infoHash, 'Film.mkv')).catch(() => undefined)
  return (file?.blocks ?? 0) * 512
}
