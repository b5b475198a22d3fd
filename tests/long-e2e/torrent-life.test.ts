import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { getRange } from '../support/http-client.ts'
import { expectSameBytes, patternBytes } from '../support/pattern-bytes.ts'
import { hasSeeder, startSwarm } from '../support/swarm.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { isCompleteOnDisk, startTestApp } from '../support/test-app.ts'

const MIB = 1024 * 1024
const swarmTest = test.skipIf(!hasSeeder)

swarmTest('a tracker in the URL is asked, but one on this machine only if the settings name it', async () => {
  await using folder = await temporaryFolder()
  const film = patternBytes(2 * MIB)
  const path = join(folder.path, 'Film.mkv')
  await writeFile(path, film)
  // Without the key in the URL, the tracker does not answer.
  await using swarm = await startSwarm({ path, passkey: 'secret' })
  const way = `/stream/proxy/${swarm.infoHash}?tr=${encodeURIComponent(swarm.trackerUrl)}`
  const settings = { TORRENT_TIMEOUT: '1500', TORRENT_MAX_RETRIES: '0' }

  const known = swarm.trackerUrl.replace(/\?.*/, '')
  for (const trackers of ['http://127.0.0.1:9/announce', `${known}/elsewhere`, known]) {
    await using strict = await startTestApp({ ...settings, TORRENT_TRACKERS: trackers })
    const film = trackers === known ? way.replace(/\?.*/, '') : way
    expect((await fetch(strict.url + film)).status, trackers).toBe(404)
  }
  await using trusting = await startTestApp({
    ...settings,
    TORRENT_TIMEOUT: '20000',
    TORRENT_TRACKERS: known,
  })
  expectSameBytes(Buffer.from(await (await fetch(trusting.url + way)).arrayBuffer()), film)
})

swarmTest.for(['while it is being fetched', 'when it is complete'])(
  "a torrent whose folder is removed %s starts again, and never in a folder of the user's",
  async (when) => {
    await using folder = await temporaryFolder()
    const film = patternBytes(8 * MIB)
    const path = join(folder.path, 'Film.mkv')
    await writeFile(path, film)
    await using swarm = await startSwarm({ path, uploadLimit: 4 * MIB })
    await using app = await startTestApp(swarm.settings)
    const url = `${app.url}/stream/proxy/${swarm.infoHash}`
    const ours = join(app.folder, swarm.infoHash)
    const see = () => expect.poll(() => getRange(url, 0, MIB).catch(() => undefined))
    await getRange(url, 0, when === 'when it is complete' ? film.length - 1 : MIB)
    if (when === 'when it is complete')
      await expect.poll(() => isCompleteOnDisk(app, swarm.infoHash)).toBe(true)

    // The server may be writing the usage notes into it.
    await rm(ours, { recursive: true, maxRetries: 5 })
    await see().toBeDefined()
    expectSameBytes(await getRange(url, 0, MIB), film.subarray(0, MIB + 1))
    expect(await readdir(ours)).toContain('.self-streme')

    await rm(ours, { recursive: true, maxRetries: 5 })
    await mkdir(ours)
    await writeFile(join(ours, 'Film.mkv'), 'mine')
    await see().toBeDefined()
    expectSameBytes(await getRange(url, 0, MIB), film.subarray(0, MIB + 1))
    expect(await readFile(join(ours, 'Film.mkv'), 'utf8')).toBe('mine')
    expect(await readdir(`${ours}.2`)).toContain('.self-streme')
  },
)

swarmTest('a film that is overwritten in place while it is fetched never gives a wrong byte', async () => {
  await using folder = await temporaryFolder()
  const film = patternBytes(24 * MIB)
  const path = join(folder.path, 'Film.mkv')
  await writeFile(path, film)
  await using swarm = await startSwarm({ path, uploadLimit: 4 * MIB })
  await using app = await startTestApp(swarm.settings)
  const url = `${app.url}/stream/proxy/${swarm.infoHash}`
  expectSameBytes(await getRange(url, 0, 3 * MIB), film.subarray(0, 3 * MIB + 1))

  // What is written while the engine writes too cannot be told from its own writes.
  swarm.freeze()
  const onDisk = join(app.folder, swarm.infoHash, 'Film.mkv')
  await expect.poll(async () => Date.now() - (await stat(onDisk)).mtimeMs > 500).toBe(true)
  await writeFile(onDisk, Buffer.alloc(MIB), { flag: 'r+' })
  // When that is answered, the film has been checked.
  expect((await fetch(url, { method: 'HEAD' })).status).toBe(200)
  swarm.thaw()
  let got: Buffer | undefined
  await expect.poll(async () => (got = await getRange(url, 0, MIB).catch(() => undefined))).toBeDefined()
  expectSameBytes(got as Buffer, film.subarray(0, MIB + 1))
})
