import { rm, writeFile } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { leaveCompleteTorrent } from '../support/earlier-run.ts'
import { getRange, openStream, readBytes } from '../support/http-client.ts'
import { expectSameBytes, patternBytes } from '../support/pattern-bytes.ts'
import { childrenOf, cpuSecondsOf, openFilesOf } from '../support/processes.ts'
import { type ServerProcess, startServerProcess } from '../support/server-process.ts'
import { hasSeeder, startSwarm } from '../support/swarm.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const MIB = 1024 * 1024
const swarmTest = test.skipIf(!hasSeeder)

swarmTest('three viewers of two torrents get the right bytes through two crashes of the engine', async () => {
  await using folder = await temporaryFolder()
  await using downloads = await temporaryFolder()
  const [firstFilm, secondFilm] = [patternBytes(40 * MIB, 'first'), patternBytes(24 * MIB, 'second')]
  const [firstPath, secondPath] = [join(folder.path, 'First.mkv'), join(folder.path, 'Second.mkv')]
  await writeFile(firstPath, firstFilm)
  await writeFile(secondPath, secondFilm)
  await using first = await startSwarm({ path: firstPath, uploadLimit: 6 * MIB })
  const { trackerUrl, settings } = first
  await using second = await startSwarm({ path: secondPath, uploadLimit: 6 * MIB, trackerUrl })
  await using server = startServerProcess({ ...settings, TORRENT_DOWNLOAD_PATH: downloads.path })
  const url = `${await server.url()}/stream/proxy`

  const viewers = await Promise.all([
    watch(`${url}/${first.infoHash}`, firstFilm, 0),
    watch(`${url}/${first.infoHash}`, firstFilm, 25 * MIB),
    watch(`${url}/${second.infoHash}`, secondFilm, 5 * MIB + 1),
  ])
  for (let crashes = 1; crashes <= 2; crashes++) {
    await Promise.all(viewers.map((viewer) => viewer.see(2 * MIB)))
    killEngine(server)
    await expect.poll(() => server.output()).toContain(`how=SIGKILL crashes=${crashes} `)
  }
  await Promise.all(viewers.map((viewer) => viewer.seeTheRest()))
  const filmsOpen = () => openFilesOf(server.child.pid as number).filter((path) => path.endsWith('.mkv'))
  await expect.poll(filmsOpen).toEqual([])
})

swarmTest(
  'an engine that cannot start is reported, restarted with pauses, and used again when it can start',
  async () => {
    await using folder = await temporaryFolder()
    await using downloads = await temporaryFolder()
    const film = patternBytes(4 * MIB)
    const path = join(folder.path, 'Film.mkv')
    await writeFile(path, film)
    await using swarm = await startSwarm({ path })
    const onDisk = await leaveCompleteTorrent({
      root: downloads.path,
      files: [{ name: 'Whole.mkv', bytes: patternBytes(MIB, 'whole') }],
    })
    const poison = join(folder.path, 'poison.mjs')
    await writeFile(poison, '')
    await using server = startServerProcess({
      ...swarm.settings,
      TORRENT_DOWNLOAD_PATH: downloads.path,
      NODE_OPTIONS: `--import=${pathToFileURL(await preload(folder.path, poison))}`,
    })
    const url = await server.url()
    const filmUrl = `${url}/stream/proxy/${swarm.infoHash}`

    const waiting = await fetch(filmUrl)
    expect(waiting.status).toBe(503)
    expect(await waiting.json()).toMatchObject({ error: 'engine.down' })
    const crashesBefore = crashesOf(server)
    const cpuBefore = cpuSecondsOf(server.child.pid as number)
    // This observes the behaviour over some time.
    await sleep(4_000)
    expect(crashesOf(server) - crashesBefore).toBeLessThanOrEqual(2)
    expect(cpuSecondsOf(server.child.pid as number) - cpuBefore).toBeLessThan(2)

    expect((await fetch(filmUrl)).status).toBe(503)
    expect((await fetch(`${url}/manifest.json`)).status).toBe(200)
    const whole = await getRange(`${url}/stream/proxy/${onDisk.infoHash}`, 0, MIB - 1)
    expectSameBytes(whole, patternBytes(MIB, 'whole'))

    await rm(poison)
    await expect.poll(async () => (await fetch(filmUrl)).status, { timeout: 40_000, interval: 500 }).toBe(200)
    expectSameBytes(await getRange(filmUrl, 0, film.length - 1), film)
  },
)

interface Viewer {
  see(bytes: number): Promise<void>
  seeTheRest(): Promise<void>
}

/** Watches from a position on and compares every byte. */
async function watch(url: string, film: Buffer, start: number): Promise<Viewer> {
  const stream: IncomingMessage = await openStream(url, { Range: `bytes=${start}-` })
  let position = start
  const see = async (bytes: number) => {
    expectSameBytes(await readBytes(stream, bytes), film.subarray(position, position + bytes))
    position += bytes
  }
  return { see, seeTheRest: () => see(film.length - position) }
}

function killEngine(server: ServerProcess): void {
  const [engine] = childrenOf(server.child.pid as number, 'engine/child/main.ts')
  process.kill(engine as number, 'SIGKILL')
}

function crashesOf(server: ServerProcess): number {
  return server.output().match(/engine process ended/g)?.length ?? 0
}

/** A module that ends the engine process at once while a file exists. */
async function preload(folder: string, poison: string): Promise<string> {
  const path = join(folder, 'preload.mjs')
  const isEngine = `process.argv[1]?.endsWith('engine/child/main.ts')`
  await writeFile(
    path,
    `import { existsSync } from 'node:fs'\nif (${isEngine} && existsSync(${JSON.stringify(poison)})) process.exit(1)\n`,
  )
  return path
}
