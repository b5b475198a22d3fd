import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { baseEnvironment } from '../support/base-environment.ts'
import { leaveCompleteTorrent } from '../support/earlier-run.ts'
import { openStream } from '../support/http-client.ts'
import { patternBytes } from '../support/pattern-bytes.ts'
import { seededRandom } from '../support/random.ts'
import { startServerProcess } from '../support/server-process.ts'
import { hasSeeder, startSwarm } from '../support/swarm.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const MIB = 1024 * 1024
const ROUNDS = 50
const SEED = 20261121
const LONGEST_LIFE_MS = 2_500
const LONGEST_IMPORT_MS = 1_500
const HOUR_MS = 3_600_000
/** Space for the pinned films and a few more, so that something always has to be evicted. */
const MAX_SIZE = 14 * MIB

interface Film {
  readonly name: string
  readonly bytes: Buffer
  readonly isPinned: boolean
}

const FILMS: readonly Film[] = Array.from({ length: 8 }, (_, n) => ({
  name: `Film ${n}.mkv`,
  bytes: patternBytes(2 * MIB + n, `kept ${n}`),
  isPinned: n < 2,
}))

test.skipIf(!hasSeeder)(
  `a server killed ${ROUNDS} times while it fetches, evicts and imports loses no film and sends no wrong byte`,
  async () => {
    const random = seededRandom(SEED)
    await using own = await temporaryFolder()
    await using downloads = await temporaryFolder()
    const fetched = { name: 'Fetched.mkv', bytes: patternBytes(12 * MIB, 'fetched') }
    await writeFile(join(own.path, fetched.name), fetched.bytes)
    await using swarm = await startSwarm({ path: join(own.path, fetched.name), uploadLimit: 6 * MIB })
    const settings = {
      ...swarm.settings,
      TORRENT_DOWNLOAD_PATH: downloads.path,
      TORRENT_CLEANUP_INTERVAL: String(1_000 * HOUR_MS),
      CACHE_MIN_FREE: '0',
    }
    const hashes = new Map<Film, string>()
    /** completely imported torrents, by info hash */
    const brought = new Map<string, Buffer>()
    const seen = { evictions: 0, imports: 0, importsKilled: 0, wholeDownloads: 0 }

    for (let round = 0; round < ROUNDS; round++) {
      await leaveMissing(hashes, downloads.path)
      await liveAndDie(round)
      const { there, wholeFetched } = await whatIsServed(round)
      seen.evictions += FILMS.length - there
      seen.wholeDownloads += Number(wholeFetched)
    }
    console.info(`seed ${SEED}: ${JSON.stringify(seen)}`)
    // If none of these happened, the kills had nothing to interrupt.
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(0)

    /**
     * A server that fetches a film and evicts others, and an import at the same time; both are killed at some moment.
     */
    async function liveAndDie(round: number): Promise<void> {
      const path = join(own.path, `Brought ${round}.mkv`)
      const bytes = patternBytes(4 * MIB, path)
      await writeFile(path, bytes)
      await using server = startServerProcess({ ...settings, CACHE_MAX_SIZE: `${MAX_SIZE}` })
      const importing = spawn(process.execPath, [CLI, 'import', path, '--create', '--json'], {
        env: { ...baseEnvironment(), ...settings },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const said = text(importing.stdout)
      const imported = once(importing, 'exit')
      const killImport = setTimeout(() => importing.kill('SIGKILL'), random.int(LONGEST_IMPORT_MS))
      const life = sleep(random.int(LONGEST_LIFE_MS))
      void watch(server, `round ${round}`)
      await life
      server.child.kill('SIGKILL')
      await server.ended()
      const [code] = await imported
      clearTimeout(killImport)
      if (code === 0) {
        const { imported: done } = JSON.parse(await said) as { imported: { infoHash: string }[] }
        for (const { infoHash } of done) brought.set(infoHash, bytes)
        seen.imports++
      } else seen.importsKilled++
      expect((await readFile(path)).equals(bytes), 'the user’s own file').toBe(true)
    }

    async function watch(server: ReturnType<typeof startServerProcess>, about: string): Promise<void> {
      try {
        const url = `${await server.url()}/stream/proxy/${swarm.infoHash}`
        await checkBytes(url, fetched.bytes, about)
      } catch (error) {
        if (error instanceof WrongByte || !server.child.killed) throw error
      }
    }

    /** What a server finds in the folder without peers and without limits. */
    async function whatIsServed(round: number): Promise<{ there: number; wholeFetched: boolean }> {
      await using server = startServerProcess({
        ...settings,
        TORRENT_TRACKERS: '',
        TORRENT_TIMEOUT: '1000',
        TORRENT_MAX_RETRIES: '0',
        STREAM_STALL_TIMEOUT: '500',
      })
      const url = `${await server.url()}/stream/proxy`
      const served = await Promise.all(
        FILMS.map(async (film) => {
          const isThere = await checkBytes(
            `${url}/${hashes.get(film)}`,
            film.bytes,
            `${film.name}, round ${round}`,
          )
          if (film.isPinned) expect(isThere, `${film.name}, round ${round}`).toBe(true)
          return isThere
        }),
      )
      for (const [infoHash, bytes] of [...brought].slice(-5)) {
        expect(await checkBytes(`${url}/${infoHash}`, bytes, `brought, round ${round}`)).toBe(true)
      }
      const wholeFetched = await checkBytes(
        `${url}/${swarm.infoHash}`,
        fetched.bytes,
        `fetched, round ${round}`,
      )
      return { there: served.filter(Boolean).length, wholeFetched }
    }
  },
)

/** Puts evicted films back, as an earlier run would have left them. */
async function leaveMissing(hashes: Map<Film, string>, root: string): Promise<void> {
  for (const film of FILMS) {
    const infoHash = hashes.get(film)
    const directory = infoHash && join(root, infoHash)
    const isThere =
      directory &&
      (await access(directory).then(
        () => true,
        () => false,
      ))
    if (isThere) continue
    const usage = { isPinned: film.isPinned }
    const left = await leaveCompleteTorrent({ root, files: [film], lastReadAt: Date.now() - HOUR_MS, usage })
    hashes.set(film, left.infoHash)
  }
}

/** Reads the complete answer and compares every byte. @returns whether the complete film was sent */
async function checkBytes(url: string, expected: Buffer, about: string): Promise<boolean> {
  let stream: Awaited<ReturnType<typeof openStream>>
  try {
    stream = await openStream(url)
  } catch {
    return false
  }
  if (stream.statusCode !== 200) {
    stream.destroy()
    return false
  }
  let at = 0
  try {
    for await (const part of stream) {
      const bytes = part as Buffer
      const isRight = bytes.equals(expected.subarray(at, at + bytes.length))
      if (!isRight) throw new WrongByte(`${about}: wrong bytes at ${at}`)
      at += bytes.length
    }
  } catch (error) {
    // Cut off where something is missing: the bytes before were right.
    if (error instanceof WrongByte) throw error
  }
  return at === expected.length
}

class WrongByte extends Error {}
