import { expect, test } from 'vitest'
import type { InfoHash } from '../../src/domain/bittorrent/info-hash.ts'
import { getRange } from '../support/http-client.ts'
import { expectSameBytes, patternBytes } from '../support/pattern-bytes.ts'
import { seedFilm } from '../support/seeded-film.ts'
import { hasSeeder } from '../support/swarm.ts'
import { startTestApp } from '../support/test-app.ts'

const MIB = 1024 * 1024

test.skipIf(!hasSeeder)(
  'the number of seeders of a film is noted, however soon the swarm is left',
  async () => {
    const film = patternBytes(4 * MIB)
    await using seeder = await seedFilm(film)
    const { infoHash } = seeder
    await using app = await startTestApp(seeder.settings)
    expectSameBytes(await getRange(`${app.url}/stream/proxy/${infoHash}`, 0, film.length - 1), film)
    const seeders = () => app.app.index.get(infoHash as InfoHash)?.usage.seeders
    await expect.poll(seeders).toBe(1)
  },
)
