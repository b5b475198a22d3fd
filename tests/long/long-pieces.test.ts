import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { getRange, openStream } from '../support/http-client.ts'
import { expectSameBytes, patternBytes, sha256 } from '../support/pattern-bytes.ts'
import { anonymousMemoryOf, childrenOf } from '../support/processes.ts'
import { startServerProcess } from '../support/server-process.ts'
import { hasSeeder, startSwarm } from '../support/swarm.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { torrentOf } from '../support/torrent-of.ts'
import { startZeroEngine, type ZeroTorrent } from '../support/zero-torrent.ts'

const MIB = 1024 * 1024
/** four of them fit into the memory for pieces */
const PIECE = 64 * MIB
const BLOCK = 16 * 1024
/** the longest that are accepted */
const LONGEST = 256 * MIB
/** memory of the engine without any pieces */
const BESIDE = 160 * MIB
/** four long pieces, shared by all torrents */
const MOST_MEMORY = 256 * MIB + BESIDE
const SHORT = { pieceLength: PIECE, pieces: 1 }

test.for([10, 25])(
  '%d torrents of 64 MiB pieces share one memory limit, and all of them progress',
  { timeout: 300_000 },
  async (count) => {
    await using started = await startZeroEngine()
    const torrents: ZeroTorrent[] = []
    for (let n = 0; n < count; n++) torrents.push(await started.open(SHORT))
    await using memory = watchMemory(started.pid)
    for (const torrent of torrents) torrent.want('urgent')
    // Slowly, so that without a limit all of them would be started and none complete.
    const giving = setInterval(() => {
      for (const torrent of torrents) torrent.give(128)
    }, 100)
    try {
      await expect
        .poll(() => torrents.filter(({ verified }) => verified.size === 1).length, { timeout: 200_000 })
        .toBe(count)
    } finally {
      clearInterval(giving)
    }
    console.info(`${count} torrents: ${(memory.peak() / MIB).toFixed()} MiB at most`)
    expect(memory.peak()).toBeLessThan(MOST_MEMORY)
    expect(memory.peak()).toBeGreaterThan(PIECE)
    // Almost nothing was fetched twice: a started piece is finished first, unless it arrives too slowly.
    const given = torrents.reduce((sum, torrent) => sum + torrent.given, 0)
    expect(given).toBeLessThan(1.2 * count * (PIECE / BLOCK))
  },
)

test('pieces that stall halfway give way to viewers', { timeout: 120_000 }, async () => {
  await using started = await startZeroEngine()
  const stalled: ZeroTorrent[] = []
  for (let n = 0; n < 6; n++) stalled.push(await started.open({ ...SHORT, pieces: 2 }))
  const viewer = await started.open(SHORT)
  const other = await started.open(SHORT)
  await using memory = watchMemory(started.pid)

  for (const torrent of stalled) torrent.want('background')
  for (const torrent of stalled) torrent.give(PIECE / BLOCK / 2)
  await expect.poll(() => memory.peak()).toBeGreaterThan(PIECE)
  for (const each of [viewer, other]) {
    const startedAt = performance.now()
    each.want('urgent')
    each.give(2 * (PIECE / BLOCK))
    await expect.poll(() => each.verified.size).toBe(1)
    console.info(`a viewer beside stalled pieces: ${(performance.now() - startedAt).toFixed()} ms`)
  }
  // All places are taken by viewers whose peers fell silent.
  for (const torrent of stalled) torrent.want('urgent')
  const last = await started.open(SHORT)
  await sleep(1_000)
  const startedAt = performance.now()
  last.want('urgent')
  last.give(2 * (PIECE / BLOCK))
  await expect.poll(() => last.verified.size, { timeout: 60_000 }).toBe(1)
  console.info(`a viewer beside stalled viewers: ${(performance.now() - startedAt).toFixed()} ms`)
  expect(memory.peak()).toBeLessThan(MOST_MEMORY)
})

test('torrents of 256 MiB pieces hold one piece at a time, and no other torrent waits for it', {
  timeout: 300_000,
}, async () => {
  await using started = await startZeroEngine()
  const longest: ZeroTorrent[] = []
  for (let n = 0; n < 3; n++) longest.push(await started.open({ pieceLength: LONGEST, pieces: 1 }))
  const other = await started.open(SHORT)
  await using memory = watchMemory(started.pid)
  for (const torrent of longest) torrent.want('urgent')
  for (const torrent of longest) torrent.give(LONGEST / BLOCK / 2)
  await expect.poll(() => memory.peak(), { timeout: 60_000 }).toBeGreaterThan(LONGEST / 2)
  other.want('urgent')
  other.give(2 * (PIECE / BLOCK))
  await expect.poll(() => other.verified.size, { timeout: 60_000 }).toBe(1)
  expect(longest.filter(({ verified }) => verified.size > 0)).toEqual([])
  for (const torrent of longest) torrent.give(2 * (LONGEST / BLOCK))
  await expect
    .poll(() => longest.filter(({ verified }) => verified.size === 1).length, { timeout: 200_000 })
    .toBe(longest.length)
  console.info(`three torrents of 256 MiB pieces: ${(memory.peak() / MIB).toFixed()} MiB at most`)
  expect(memory.peak()).toBeLessThan(LONGEST + 192 * MIB + BESIDE)
})

test.skipIf(!hasSeeder).for([LONGEST, 100_000_000])(
  'a film in pieces of %i bytes is fetched correctly with little memory',
  { timeout: 300_000 },
  async (pieceLength) => {
    const film = patternBytes(300 * MIB + 1)
    await using folder = await temporaryFolder()
    const path = join(folder.path, 'Film.mkv')
    const torrentFile = join(folder.path, 'film.torrent')
    await writeFile(path, film)
    await writeFile(torrentFile, torrentOf('Film.mkv', film, pieceLength))
    await using swarm = await startSwarm({ path, torrentFile })
    const downloads = join(folder.path, 'downloads')
    const startServer = async () => {
      const server = startServerProcess({ ...swarm.settings, TORRENT_DOWNLOAD_PATH: downloads })
      const url = `${await server.url()}/stream/proxy/${swarm.infoHash}/0`
      const main = server.child.pid as number
      const [engine = 0] = childrenOf(main, 'engine/child/main.ts')
      return { server, url, main, engine }
    }
    {
      const { server, url, main, engine } = await startServer()
      await using _server = server
      await using mainMemory = watchMemory(main)
      await using engineMemory = watchMemory(engine)
      const askedAt = performance.now()
      expectSameBytes(
        await getRange(url, 290 * MIB, 290 * MIB + 99),
        film.subarray(290 * MIB, 290 * MIB + 100),
      )
      const hash = createHash('sha256')
      for await (const part of await openStream(url)) hash.update(part)
      expect(hash.digest('hex')).toBe(sha256(film))
      const [mainMib, engineMib] = [mainMemory, engineMemory].map(({ peak }) => Math.round(peak() / MIB))
      console.info(
        `pieces of ${pieceLength}: ${(performance.now() - askedAt).toFixed()} ms, MiB ${mainMib} + ${engineMib}`,
      )
      expect(mainMemory.peak()).toBeLessThan(200 * MIB)
      expect(engineMemory.peak()).toBeLessThan(LONGEST + 192 * MIB + BESIDE)
      server.child.kill('SIGTERM')
      await server.ended()
    }
    // Without the note that files are complete, the pieces are hashed.
    await writeFile(join(downloads, swarm.infoHash, '.self-streme', 'state.json'), '{"whole":{}}')
    await swarm.stopSeeding()
    const { server, url, main } = await startServer()
    await using _server = server
    await using mainMemory = watchMemory(main)
    const hash = createHash('sha256')
    for await (const part of await openStream(url)) hash.update(part)
    expect(hash.digest('hex')).toBe(sha256(film))
    console.info(`pieces of ${pieceLength}, looked at again: MiB ${Math.round(mainMemory.peak() / MIB)}`)
    expect(mainMemory.peak()).toBeLessThan(200 * MIB)
  },
)

function watchMemory(pid: number) {
  let peak = 0
  const timer = setInterval(() => {
    peak = Math.max(peak, anonymousMemoryOf(pid))
  }, 20)
  return {
    peak: () => peak,
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
    },
  }
}
