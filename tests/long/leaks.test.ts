import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readConfig } from '../../src/config/config.ts'
import { DiskRoom } from '../../src/disk/disk-room.ts'
import type { InfoHash } from '../../src/domain/bittorrent/info-hash.ts'
import type { Engine, PieceWindow } from '../../src/engine/engine.ts'
import { startEngineProcess } from '../../src/engine/engine-process.ts'
import { createLog } from '../../src/observe/log.ts'
import { IndexDatabase } from '../../src/torrent-index/index-database.ts'
import { openCacheIndex } from '../../src/torrent-index/torrent-index.ts'
import { INDEX_TABLE } from '../../src/torrent-index/torrent-table.ts'
import { openTorrentService } from '../../src/torrents/torrent-service.ts'
import { openStream, readBytes } from '../support/http-client.ts'
import { type Holdings, holdingsOf, inspectable } from '../support/inspected-process.ts'
import { AS_OWNER } from '../support/owner.ts'
import { expectSameBytes, patternBytes } from '../support/pattern-bytes.ts'
import { anonymousMemoryOf, childrenOf, openFilesOf } from '../support/processes.ts'
import { startServerProcess } from '../support/server-process.ts'
import { hasSeeder, type Swarm, startSwarm } from '../support/swarm.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const MIB = 1024 * 1024
const PIECE_LENGTH = 256 * 1024
const ROUND = 100
const AT_ONCE = 10
const PLACES = [0, 0.7, 0.3]

interface Film {
  readonly bytes: Buffer
  readonly swarm: Swarm
}

test.skipIf(!hasSeeder)(
  '300 viewers who came, sought twice and left leave no memory, handles or connections behind',
  async () => {
    await using folder = await temporaryFolder()
    await using downloads = await temporaryFolder()
    await using parts = new AsyncDisposableStack()
    const films: Film[] = []
    // Two that are complete soon, and two of which most is never fetched.
    for (const size of [3 * MIB, 8 * MIB, 96 * MIB, 128 * MIB]) {
      const path = join(folder.path, `Film of ${size}.mkv`)
      const bytes = patternBytes(size, path)
      await writeFile(path, bytes)
      const trackerUrl = films[0]?.swarm.trackerUrl
      const swarm = parts.use(
        await startSwarm({ path, uploadLimit: 8 * MIB, ...(trackerUrl && { trackerUrl }) }),
      )
      films.push({ bytes, swarm })
    }
    const server = parts.use(
      startServerProcess({
        ...films[0]?.swarm.settings,
        ...(await inspectable(folder.path)),
        TORRENT_DOWNLOAD_PATH: downloads.path,
        // So that a film read just now may be evicted too.
        TORRENT_CLEANUP_INTERVAL: '0',
      }),
    )
    const url = await server.url()
    const main = server.child.pid as number
    const [engine] = childrenOf(main, 'engine/child/main.ts') as [number]

    const filesBefore = new Map<number, number>()
    const round = async (viewers: number): Promise<Found> => {
      await inParallel(viewers, (n) => watchAndSeek(url, films[n % films.length] as Film))
      // Without viewers nothing more is fetched, except of films that are almost complete.
      await expect.poll(() => growth(films), { timeout: 60_000, interval: 100 }).toBe(0)
      expect((await fetch(`${url}/admin/cleanup`, { method: 'POST', headers: AS_OWNER })).status).toBe(200)
      for (const pid of [main, engine]) await expect.poll(() => filmsOpenIn(pid)).toEqual([])
      // Trackers may get the stopped event of the engine a moment later; before the first round they do not count.
      for (const pid of [main, engine]) {
        await expect
          .poll(() => openFilesOf(pid).length)
          .toBeLessThanOrEqual(filesBefore.get(pid) ?? Number.POSITIVE_INFINITY)
      }
      return {
        files: [openFilesOf(main).length, openFilesOf(engine).length],
        anonymous: [anonymousMemoryOf(main), anonymousMemoryOf(engine)],
        held: [await holdingsOf(main, folder.path), await holdingsOf(engine, folder.path)],
      }
    }

    const before = await round(AT_ONCE)
    filesBefore.set(main, before.files[0]).set(engine, before.files[1])
    // Buffers for reuse only exist after many viewings: 10 MiB in the engine after the first hundred, and 0.3 MiB after
    // each further hundred.
    await round(ROUND)
    const first = await round(ROUND)
    const second = await round(ROUND)
    for (const each of [before, first, second]) console.info(JSON.stringify(each))
    for (const { held } of [first, second]) {
      expect(held.map(({ resources }) => resources)).toEqual(before.held.map(({ resources }) => resources))
    }
    for (const one of [0, 1] as const) {
      const perViewer = (second.held[one].memory - first.held[one].memory) / ROUND
      expect(perViewer, ['main', 'engine'][one]).toBeLessThan(50 * 1024)
      expect(second.anonymous[one] - first.anonymous[one]).toBeLessThan(40 * MIB)
    }
    expect(server.output()).not.toMatch(/MaxListenersExceeded|warn:|error:/i)
  },
)

test.skipIf(!hasSeeder)('after 40 viewers have left, the engine has no window any more', async () => {
  await using folder = await temporaryFolder()
  await using downloads = await temporaryFolder()
  const path = join(folder.path, 'Film.mkv')
  const bytes = patternBytes(256 * MIB)
  await writeFile(path, bytes)
  await using swarm = await startSwarm({ path, uploadLimit: 8 * MIB, pieceLength: PIECE_LENGTH })
  const startOf = (viewer: number) => (viewer * 6 + 1) * MIB
  const config = readConfig({
    ...swarm.settings,
    TORRENT_DOWNLOAD_PATH: downloads.path,
    TORRENT_PORT: '0',
    TORRENT_DHT: 'false',
  })
  const log = createLog({ level: 'error', format: 'text' })
  await using engine = startEngineProcess(config.engine, log)
  const told: (readonly PieceWindow[])[] = []
  // An engine's methods are its class's: a copy by spreading would have none.
  const overheard: Engine = {
    open: (request) => engine.open(request),
    want(infoHash, windows) {
      told.push(windows)
      engine.want(infoHash, windows)
    },
    unverify: (infoHash, piece) => engine.unverify(infoHash, piece),
    retryWrites: (infoHash) => engine.retryWrites(infoHash),
    close: (infoHash) => engine.close(infoHash),
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  }
  using database = new IndexDatabase(downloads.path, [INDEX_TABLE], log)
  await using index = await openCacheIndex(config.torrents, database, log)
  await using torrents = openTorrentService(
    config.torrents,
    { engine: overheard, index, room: new DiskRoom() },
    log,
  )

  await inParallel(40, async (n) => {
    const left = new AbortController()
    await using stream = await torrents.getStream(swarm.infoHash)
    const start = startOf(n)
    for await (const part of stream.read({ start, end: stream.size - 1 }, left.signal)) {
      expectSameBytes(part, bytes.subarray(start, start + part.length))
      break
    }
    left.abort()
  })
  const pieces = Array.from({ length: 40 }, (_, n) => startOf(n) / PIECE_LENGTH)
  expect(pieces.filter((piece) => !told.flat().some(({ from, to }) => from <= piece && piece <= to))).toEqual(
    [],
  )
  await expect.poll(() => told.at(-1)).toEqual([])
  expect(torrents.isUsed(swarm.infoHash as InfoHash)).toBe(false)
})

/** Of the main process, and of the engine. */
interface Found {
  readonly files: readonly [number, number]
  readonly anonymous: readonly [number, number]
  readonly held: readonly [Holdings, Holdings]
}

function filmsOpenIn(pid: number): string[] {
  return openFilesOf(pid).filter((path) => path.includes('.mkv'))
}

/** A little from the start and after each seek; then the viewer leaves in the middle. */
async function watchAndSeek(url: string, { bytes, swarm }: Film): Promise<void> {
  for (const place of PLACES) {
    const start = Math.floor(place * bytes.length)
    const stream = await openStream(`${url}/stream/proxy/${swarm.infoHash}`, { Range: `bytes=${start}-` })
    expectSameBytes(await readBytes(stream, 200_000), bytes.subarray(start, start + 200_000))
    stream.destroy()
  }
}

async function inParallel(count: number, work: (n: number) => Promise<void>): Promise<void> {
  const numbers = Array.from({ length: count }, (_, n) => n).values()
  const worker = async () => {
    for (const n of numbers) await work(n)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

let uploadedBefore = -1

/** Bytes that the seeders have sent since the last call. */
async function growth(films: readonly Film[]): Promise<number> {
  let uploaded = 0
  for (const { swarm } of films) uploaded += await swarm.uploadedBytes()
  const grown = uploaded - uploadedBefore
  uploadedBefore = uploaded
  return grown
}
