import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { apiOf } from '../support/api-client.ts'
import { expectSameBytes, patternBytes } from '../support/pattern-bytes.ts'
import { seedFilm } from '../support/seeded-film.ts'
import { hasSeeder } from '../support/swarm.ts'
import { startTestApp } from '../support/test-app.ts'

const MIB = 1024 * 1024
const SLOW = { timeout: 60_000, interval: 100 }
const swarmTest = test.skipIf(!hasSeeder)

swarmTest.for(['magnet', 'info hash', 'torrent file'] as const)(
  'a film added by its %s is fetched completely, with visible progress',
  async (how) => {
    await using film = await seedFilm(patternBytes(16 * MIB), { uploadLimit: 8 * MIB, passkey: 'secret' })
    // The link and the torrent file name their tracker with its key; it is allowed because the settings name it
    // without.
    const trackers = how === 'info hash' ? film.trackerUrl : film.trackerUrl.replace(/\?.*/, '')
    await using app = await startTestApp({ TORRENT_TRACKERS: trackers })
    const api = apiOf(app.url)
    const added = await {
      magnet: () => api.add({ magnet: film.magnet }),
      'info hash': () => api.add({ infoHash: film.infoHash }),
      'torrent file': () => api.upload(film.metainfo),
    }[how]()
    expect(added.status).toBe(202)

    const get = async () => (await api.get(film.infoHash)).body
    await expect.poll(get, SLOW).toMatchObject({
      state: 'fetching',
      bytesWanted: film.bytes.length,
      percent: expect.toSatisfy((percent: number) => percent > 10 && percent < 90),
      peers: 1,
      seeders: 1,
      downloadSpeed: expect.toSatisfy((speed: number) => speed > MIB),
      etaSeconds: expect.toSatisfy((seconds: number) => seconds > 0 && seconds < 60),
      isWatched: false,
    })
    await expect.poll(get, SLOW).toMatchObject({ state: 'whole', percent: 100 })

    const entry = await get()
    expect(entry).toMatchObject({ isPinned: true, origin: 'added', seeders: 1 })
    expect(entry.wish).toBeUndefined()
    expectSameBytes(await readFile(join(app.folder, film.infoHash, 'Film.mkv')), film.bytes)
    // Nothing more is wanted from the swarm.
    expect(app.app.torrents.activityOf(entry.infoHash)?.isInSwarm).not.toBe(true)
  },
)
