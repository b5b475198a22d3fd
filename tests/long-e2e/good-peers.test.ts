import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { getRange } from '../support/http-client.ts'
import { AS_OWNER } from '../support/owner.ts'
import { expectSameBytes, patternBytes } from '../support/pattern-bytes.ts'
import { type SeededFilm, seedFilm } from '../support/seeded-film.ts'
import { type ServerProcess, startServerProcess } from '../support/server-process.ts'
import { startNamingTracker } from '../support/stuck-peers.ts'
import { hasSeeder } from '../support/swarm.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const MIB = 1024 * 1024
const FILM = patternBytes(16 * MIB)

/** A seeder that leaves the film incomplete for a while, and a tracker that can be told to answer no more. */
async function slowSwarm() {
  await using starting = new AsyncDisposableStack()
  const film = starting.use(await seedFilm(FILM, { trackerUrl: '', uploadLimit: 2 * MIB }))
  const seeder = [{ host: '127.0.0.1', port: film.port }]
  const calls = { answered: 0, ignored: 0 }
  let isSilent = false
  const tracker = starting.use(
    await startNamingTracker(seeder, async () => {
      if (isSilent) calls.ignored++
      else calls.answered++
      if (isSilent) await new Promise(() => undefined)
    }),
  )
  const parts = starting.move()
  return {
    film,
    calls,
    trackerUrl: tracker.url,
    silence: () => {
      isSilent = true
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

async function filmUrl(server: ServerProcess, { infoHash }: SeededFilm): Promise<string> {
  return `${await server.url()}/stream/proxy/${infoHash}/0/Film.mkv`
}

test.skipIf(!hasSeeder)(
  'a server that was killed goes on with a film before its tracker answers, and removes its notes with it',
  async () => {
    await using folder = await temporaryFolder()
    await using swarm = await slowSwarm()
    const { film, calls } = swarm
    const settings = { TORRENT_DOWNLOAD_PATH: folder.path, TORRENT_TRACKERS: swarm.trackerUrl }
    const note = join(folder.path, film.infoHash, '.self-streme', 'peers.json')
    {
      await using server = startServerProcess(settings)
      expectSameBytes(await getRange(await filmUrl(server, film), 0, 65_535), FILM.subarray(0, 65_536))
      // Saved while the film is being fetched, and not at the end.
      await expect.poll(() => readFile(note, 'utf8').catch(() => '[]')).toContain(`127.0.0.1:${film.port}`)
      expect(JSON.parse(await readFile(note, 'utf8'))).toEqual([
        {
          address: `127.0.0.1:${film.port}`,
          isEncrypted: false,
          source: 'tracker',
          gaveAt: expect.any(Number),
        },
      ])
      server.child.kill('SIGKILL')
      await server.ended()
    }
    swarm.silence()
    const { answered } = calls

    await using server = startServerProcess(settings)
    const url = await filmUrl(server, film)
    const [from, to] = [12 * MIB, 12 * MIB + 65_535]
    expectSameBytes(await getRange(url, from, to), FILM.subarray(from, to + 1))
    expect([calls.answered, calls.ignored > 0]).toEqual([answered, true])

    const address = `${await server.url()}/api/torrents/${film.infoHash}`
    // The viewer who has just left counts as one for a moment.
    await expect
      .poll(async () => (await fetch(address, { method: 'DELETE', headers: AS_OWNER })).status)
      .toBe(200)
    await expect.poll(() => readFile(note).catch((error) => error.code)).toBe('ENOENT')
  },
)
