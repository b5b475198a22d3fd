import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { getRange, openStream } from '../support/http-client.ts'
import { expectSameBytes, patternBytes, sha256 } from '../support/pattern-bytes.ts'
import { type ServerProcess, startServerProcess } from '../support/server-process.ts'
import { hasSeeder, type Swarm, startSwarm } from '../support/swarm.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const MIB = 1024 * 1024
const film = patternBytes(1024 * MIB)
/** Of each seeder. Without it, a kill mostly loses what is in socket buffers, waiting for a processor. */
const uploadLimit = 24 * MIB
const resources = new AsyncDisposableStack()
let seeders: [Swarm, Swarm]

beforeAll(async () => {
  if (!hasSeeder) return
  const path = join(resources.use(await temporaryFolder()).path, 'Film.mkv')
  await writeFile(path, film)
  const first = resources.use(await startSwarm({ path, pieceLength: MIB, uploadLimit }))
  const { trackerUrl } = first
  seeders = [first, resources.use(await startSwarm({ path, pieceLength: MIB, uploadLimit, trackerUrl }))]
})
afterAll(() => resources.disposeAsync())

test.skipIf(!hasSeeder).for([0.25, 0.5, 0.9])(
  'a server killed when a viewer has %d of 1 GiB resumes where it was',
  async (share) => {
    await using downloads = await temporaryFolder()
    const before = await uploadedBytes()
    await watchAndKill(downloads.path, share * film.length)

    {
      // What was fetched comes from the disk at once: no peer is there to send it.
      await using server = startServerProcess({ ...settings(downloads.path), TORRENT_TRACKERS: '' })
      await firstBytesOf(server)
    }
    const startedAt = performance.now()
    await using server = startServerProcess(settings(downloads.path))
    await firstBytesOf(server)
    const firstBytesMs = performance.now() - startedAt

    const hash = createHash('sha256')
    for await (const part of await openStream(await filmUrl(server))) hash.update(part as Buffer)
    expect(hash.digest('hex')).toBe(sha256(film))
    const twice = (await uploadedBytes()) - before - film.length
    console.info(
      `killed at ${100 * share} %: first bytes ${firstBytesMs.toFixed()} ms after the start, ` +
        `fetched twice ${(twice / MIB).toFixed(1)} MiB (${((100 * twice) / film.length).toFixed(1)} %)`,
    )
    // The figure is above, and grows with other load on the disk; a start without the journal fetches everything again.
    expect(twice).toBeLessThan(0.1 * film.length)
    // The figure is above; this only tells a start that hashes the complete film from one that does not.
    expect(firstBytesMs).toBeLessThan(10_000)
  },
)

function settings(folder: string): Record<string, string> {
  return { ...seeders[0].settings, TORRENT_DOWNLOAD_PATH: folder }
}

async function filmUrl(server: ServerProcess): Promise<string> {
  return `${await server.url()}/stream/proxy/${seeders[0].infoHash}`
}

async function uploadedBytes(): Promise<number> {
  const [first, second] = await Promise.all(seeders.map((seeder) => seeder.uploadedBytes()))
  return (first ?? 0) + (second ?? 0)
}

/** Watches from the start of the film, and kills the server as soon as that many bytes were received. */
async function watchAndKill(folder: string, bytes: number): Promise<void> {
  await using server = startServerProcess(settings(folder))
  let read = 0
  for await (const part of await openStream(await filmUrl(server))) {
    read += (part as Buffer).length
    if (read >= bytes) break
  }
  server.child.kill('SIGKILL')
  await server.ended()
}

async function firstBytesOf(server: ServerProcess): Promise<void> {
  expectSameBytes(await getRange(await filmUrl(server), 0, 65_535), film.subarray(0, 65_536))
}
