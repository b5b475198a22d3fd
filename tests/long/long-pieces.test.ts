import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { anonymousMemoryOf } from '../support/processes.ts'
import { startZeroEngine, type ZeroTorrent } from '../support/zero-torrent.ts'

const MIB = 1024 * 1024
/** the longest that are taken */
const PIECE = 64 * MIB
const BLOCK = 16 * 1024
/** four of the longest pieces, which all torrents share, and what the engine takes without any */
const MOST_MEMORY = 256 * MIB + 160 * MIB
const SHORT = { pieceLength: PIECE, pieces: 1 }

test.for([10, 25])(
  '%d torrents of 64 MiB pieces share one bound on memory, and all of them go on',
  { timeout: 300_000 },
  async (count) => {
    await using started = await startZeroEngine()
    const torrents: ZeroTorrent[] = []
    for (let n = 0; n < count; n++) torrents.push(await started.open(SHORT))
    await using memory = watchMemory(started.pid)
    for (const torrent of torrents) torrent.want('urgent')
    // Little by little, so that without a bound all of them would be begun, and none complete.
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
    // Hardly anything was fetched twice: what is begun is finished first, unless it comes too slowly.
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
  // All places are taken by viewers whose peers have fallen silent.
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
