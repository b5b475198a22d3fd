import { mkdir, rename, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { getRange } from '../support/http-client.ts'
import { expectSameBytes, patternBytes } from '../support/pattern-bytes.ts'
import { seedFilm } from '../support/seeded-film.ts'
import { FILM_SWAPS, FOLDER_SWAPS, swapWhileRead } from '../support/swaps.ts'
import { hasSeeder } from '../support/swarm.ts'
import { startTestApp } from '../support/test-app.ts'

const MIB = 1024 * 1024

/** Two hundred swaps, of more kinds, take their time: tests/long-e2e. */
const SOME = [
  FILM_SWAPS['the film is moved away and put back'],
  FOLDER_SWAPS['the folder is swapped for one of the user’s, and back'],
]

test.skipIf(!hasSeeder)(
  'swapping a film or its folder while it is fetched never gives viewers a wrong byte',
  async () => {
    await using film = await seedFilm(patternBytes(48 * MIB), { uploadLimit: 8 * MIB })
    const outcome = await swapWhileRead(film, SOME, { roundMs: 5_000, restMs: 200 })
    expect(outcome).toMatchObject({ swaps: SOME.length, wrong: 0 })
  },
)

test.skipIf(!hasSeeder)(
  "a user's complete film in place of a torrent being fetched is compared before it is sent",
  async () => {
    await using film = await seedFilm(patternBytes(24 * MIB), { uploadLimit: 4 * MIB })
    await using app = await startTestApp(film.settings)
    const url = `${app.url}/stream/proxy/${film.infoHash}`
    expectSameBytes(await getRange(url, 0, MIB), film.bytes.subarray(0, MIB + 1))
    const folder = join(app.folder, film.infoHash)
    await rename(folder, join(app.folder, 'aside'))
    await mkdir(folder)
    const users = join(folder, 'Film.mkv')
    await writeFile(users, Buffer.alloc(film.bytes.length))
    await utimes(users, 1, 1)
    for (const start of [0, MIB, 2 * MIB]) {
      let got: Buffer | undefined
      await expect
        .poll(async () => (got = await getRange(url, start, start + MIB).catch(() => undefined)), {
          timeout: 20_000,
        })
        .toBeDefined()
      expectSameBytes(got as Buffer, film.bytes.subarray(start, start + MIB + 1))
    }
  },
)
