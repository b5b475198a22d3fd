import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { getRange } from './http-client.ts'
import { expectSameBytes, patternBytes, sha256 } from './pattern-bytes.ts'
import { startSwarm } from './swarm.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { isCompleteOnDisk, startTestApp } from './test-app.ts'
import { torrentOf } from './torrent-of.ts'

const film = patternBytes(9_000_001)

/** Fetches a film in pieces of some length, seeks in it, and finds it again after a restart. */
export async function expectFilmInPieces(pieceLength: number): Promise<void> {
  await using seeded = await temporaryFolder()
  const { path: folder } = seeded
  const path = join(folder, 'Film.mkv')
  await writeFile(path, film)
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
      expectSameBytes(await getRange(url, border - 20, border + 19), film.subarray(border - 20, border + 20))
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
}
