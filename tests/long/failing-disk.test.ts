import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openStream, readBytes } from '../support/http-client.ts'
import { canLoop, makeLoopDisk } from '../support/loop-disk.ts'
import { expectSameBytes, patternBytes } from '../support/pattern-bytes.ts'
import { seedFilm } from '../support/seeded-film.ts'
import { hasSeeder } from '../support/swarm.ts'
import { startTestApp } from '../support/test-app.ts'

const MIB = 1024 * 1024
const SLOWLY = { timeout: 30_000 }

test.skipIf(!canLoop || !hasSeeder)(
  'a disk that fails while a film is fetched can be taken out, and the film resumes with the right bytes when it is back',
  async () => {
    await using disk = await makeLoopDisk(64 * MIB)
    const film = patternBytes(24 * MIB)
    await using seeder = await seedFilm(film, { uploadLimit: 2 * MIB })
    const { infoHash } = seeder
    await using app = await startTestApp({
      ...seeder.settings,
      TORRENT_EXTRA_PATHS: disk.path,
      CACHE_MIN_FREE: '0',
    })
    {
      await using _placed = await app.app.torrents.getStream(infoHash, { customPath: disk.path })
    }
    const url = `${app.url}/stream/proxy/${infoHash}`
    const viewer = await openStream(url)
    await readBytes(viewer, 2 * MIB)
    // From here on some of the film is on the disk, and the rest is missing.
    execFileSync('sync', ['--file-system', disk.path])
    await readBytes(viewer, 2 * MIB)
    disk.fail()
    const behind = { headers: { Range: `bytes=${film.length - 4 * MIB}-` } }
    await expect.poll(async () => (await fetch(url, behind)).status, SLOWLY).toBe(507)

    viewer.destroy()
    // The system refuses while we have a file open there.
    await expect.poll(() => disk.unmount(), SLOWLY).toBeUndefined()
    disk.mount()
    const again = await openStream(url)
    expectSameBytes(await readBytes(again, film.length), film)
    expectSameBytes(await readFile(join(disk.path, infoHash, 'Film.mkv')), film)
  },
)
