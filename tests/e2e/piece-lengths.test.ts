import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { getRange } from '../support/http-client.ts'
import { expectSameBytes, patternBytes, sha256 } from '../support/pattern-bytes.ts'
import { hasSeeder, startSwarm } from '../support/swarm.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { isCompleteOnDisk, startTestApp } from '../support/test-app.ts'
import { torrentOf } from '../support/torrent-of.ts'

const film = patternBytes(9_000_001)
const resources = new AsyncDisposableStack()
let folder: string

beforeAll(async () => {
  folder = resources.use(await temporaryFolder()).path
  await writeFile(join(folder, 'Film.mkv'), film)
})
afterAll(() => resources.disposeAsync())

test.skipIf(!hasSeeder).for([16_385, 25_344, 100_000, 827_392, 3_000_001, 4_192_256])(
  'a film in pieces of %i bytes is fetched, can be sought, and is found again after a restart',
  async (pieceLength) => {
    const path = join(folder, 'Film.mkv')
    const torrentFile = join(folder, `${pieceLength}.torrent`)
    await writeFile(torrentFile, torrentOf('Film.mkv', film, pieceLength))
    await using downloads = await temporaryFolder()
    await using swarm = await startSwarm({ path, torrentFile })
    const settings = { TORRENT_DOWNLOAD_PATH: downloads.path }
    const { infoHash } = swarm
    {
      await using app = await startTestApp({ ...settings, ...swarm.settings })
      const url = `${app.url}/stream/proxy/${infoHash}/0`
      const borders = [2, 1].map((n) => n * Math.floor(film.length / pieceLength / 2) * pieceLength)
      for (const border of [...borders, film.length - 20])
        expectSameBytes(
          await getRange(url, border - 20, border + 19),
          film.subarray(border - 20, border + 20),
        )
      const whole = await fetch(url)
      expect(sha256(new Uint8Array(await whole.arrayBuffer()))).toBe(sha256(film))
      await expect.poll(() => isCompleteOnDisk(app, infoHash), { timeout: 30_000 }).toBe(true)
    }
    await swarm.stopSeeding()
    // Without the note that files are complete, the pieces are hashed.
    await writeFile(join(downloads.path, infoHash, '.self-streme', 'state.json'), '{"whole":{}}')
    await using app = await startTestApp(settings)
    const whole = await fetch(`${app.url}/stream/proxy/${infoHash}/0`)
    expect(sha256(new Uint8Array(await whole.arrayBuffer()))).toBe(sha256(film))
  },
)
