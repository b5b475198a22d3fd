import { expect, test } from 'vitest'
import { openStream, readBytes } from '../support/http-client.ts'
import { startMixedSwarm } from '../support/mixed-swarm.ts'
import { expectSameBytes, patternBytes } from '../support/pattern-bytes.ts'
import { hasSeeder } from '../support/swarm.ts'
import { startTestApp } from '../support/test-app.ts'

const MIB = 1024 * 1024
const swarmTest = test.skipIf(!hasSeeder)

/** Reads on, as fast as bytes arrive; the longest gap between two of them, in ms. */
async function longestGap(stream: Awaited<ReturnType<typeof openStream>>): Promise<number> {
  let longest = 0
  let last = performance.now()
  for await (const _ of stream) {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
  }
  return longest
}

swarmTest.concurrent('a peer that freezes delays a viewer by a few seconds only', async () => {
  const film = patternBytes(24 * MIB)
  // Evenly, not in bursts of half a second, which would make the gap longer or shorter.
  const pace = { uploadLimit: 1_500_000, tickInterval: 20 }
  await using swarm = await startMixedSwarm(film, 4 * MIB, pace, pace)
  const [first, second] = swarm.seeders
  await using app = await startTestApp(first?.settings)

  const stream = await openStream(`${app.url}/stream/proxy/${first?.infoHash}`)
  expectSameBytes(await readBytes(stream, 6 * MIB), film.subarray(0, 6 * MIB))
  second?.freeze()
  const gapMs = await longestGap(stream)
  console.info(`longest gap with one of two peers frozen: ${Math.round(gapMs)} ms`)
  // A piece takes the other peer 2.8 s, so the gap cannot be shorter. A peer may be silent for 30 s.
  expect(gapMs).toBeLessThan(10_000)
  expect(stream.complete).toBe(true)
})

swarmTest.concurrent('a peer that only trickles does not delay a viewer', async () => {
  const film = patternBytes(12 * MIB)
  await using swarm = await startMixedSwarm(film, MIB, { uploadLimit: 3_000_000 }, { uploadLimit: 20_000 })
  const [first] = swarm.seeders
  await using app = await startTestApp(first?.settings)

  const stream = await openStream(`${app.url}/stream/proxy/${first?.infoHash}`)
  expectSameBytes(await readBytes(stream, MIB), film.subarray(0, MIB))
  const gapMs = await longestGap(stream)
  console.info(`longest gap with a peer of 20 KB/s beside one of 3 MB/s: ${Math.round(gapMs)} ms`)
  // The slow peer needs 50 s for a piece.
  expect(gapMs).toBeLessThan(10_000)
})

swarmTest.concurrent('a peer that freezes for ten seconds and recovers delivers again', async () => {
  const film = patternBytes(48 * MIB)
  const pace = { uploadLimit: 1_500_000, tickInterval: 20 }
  await using swarm = await startMixedSwarm(film, MIB, pace, pace)
  const [first, second] = swarm.seeders
  await using app = await startTestApp(first?.settings)

  const stream = await openStream(`${app.url}/stream/proxy/${first?.infoHash}`)
  await readBytes(stream, 3 * MIB)
  const before = (await second?.uploadedBytes()) ?? 0
  second?.freeze()
  setTimeout(() => second?.thaw(), 10_000)
  const gapMs = await longestGap(stream)
  const after = (await second?.uploadedBytes()) ?? 0
  console.info(`longest gap with one of two peers frozen for 10 s: ${Math.round(gapMs)} ms`)
  expect(stream.complete).toBe(true)
  // No viewer waits until it is back.
  expect(gapMs).toBeLessThan(8_000)
  // About as much as the other peer, of what was left after the pause.
  expect(after - before).toBeGreaterThan(3 * MIB)
})
