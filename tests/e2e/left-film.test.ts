import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { apiOf } from '../support/api-client.ts'
import { openStream, readBytes } from '../support/http-client.ts'
import { patternBytes } from '../support/pattern-bytes.ts'
import { hasSeeder, type Swarm, startSwarm } from '../support/swarm.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestApp } from '../support/test-app.ts'

const MIB = 1024 * 1024
const SOON = { timeout: 40_000 }

describe.skipIf(!hasSeeder)('a viewer who leaves at the beginning', () => {
  const resources = new AsyncDisposableStack()
  let swarm: Swarm

  beforeAll(async () => {
    const path = join(resources.use(await temporaryFolder()).path, 'Season')
    await mkdir(path)
    for (const name of ['a.mkv', 'b.mkv']) await writeFile(join(path, name), patternBytes(40 * MIB, name))
    swarm = resources.use(await startSwarm({ path, uploadLimit: 2 * MIB }))
  })
  afterAll(() => resources.disposeAsync())

  test.concurrent.for([
    ['of a film', {}, ''],
    ['of an episode of a pack', {}, '/1/Season.mkv'],
    ['of a film that is shared', { TORRENT_SEED: 'true' }, '/0'],
  ] as const)('%s leaves a part that is not fetched further', async ([, settings, path], { expect }) => {
    await using app = await startTestApp({ ...swarm.settings, ...settings })
    const get = async () => (await apiOf(app.url).get(swarm.infoHash)).body
    const url = `${app.url}/stream/proxy/${swarm.infoHash}${path}`

    const viewer = await openStream(url)
    await readBytes(viewer, MIB)
    await expect.poll(get, SOON).toMatchObject({
      state: 'fetching',
      isWatched: true,
      etaSeconds: expect.toSatisfy((seconds: number) => seconds > 0),
    })
    viewer.destroy()
    await expect.poll(get, SOON).toMatchObject({ state: 'partial', isWatched: false })
    const left = await get()
    expect(left).not.toHaveProperty('etaSeconds')
    expect(left.peers, 'it stays in the swarm for a while, in case the viewer comes back').toBeGreaterThan(0)

    const again = await openStream(url)
    await expect.poll(get, SOON).toMatchObject({ state: 'fetching' })
    again.destroy()
  })
})
