import { expect, test } from 'vitest'
import { openStream } from '../support/http-client.ts'
import { startMixedSwarm } from '../support/mixed-swarm.ts'
import { expectSameBytes, patternBytes } from '../support/pattern-bytes.ts'
import { startNamingTracker, startStuckPeers } from '../support/stuck-peers.ts'
import { hasSeeder, type Swarm } from '../support/swarm.ts'
import { startTestApp } from '../support/test-app.ts'

const MIB = 1024 * 1024
const swarmTest = test.skipIf(!hasSeeder)

/** One wrong byte in every that many bytes. */
function corrupted(film: Uint8Array, every: number): Uint8Array {
  const bytes = Uint8Array.from(film)
  for (let at = 777; at < bytes.length; at += every) bytes[at] = (bytes[at] ?? 0) ^ 0xff
  return bytes
}

async function uploadedBy(seeders: readonly Swarm[]): Promise<number[]> {
  return Promise.all(seeders.map((seeder) => seeder.uploadedBytes()))
}

swarmTest('a peer that sends wrong bytes is banned and costs little bandwidth', async () => {
  const film = patternBytes(32 * MIB)
  const uploadLimit = 6 * MIB
  const liar = { uploadLimit, bytes: corrupted(film, 64 * 1024) }
  await using swarm = await startMixedSwarm(film, 256 * 1024, { uploadLimit }, liar)
  const [honest] = swarm.seeders
  await using app = await startTestApp(honest?.settings)

  const answer = await fetch(`${app.url}/stream/proxy/${honest?.infoHash}`)
  expectSameBytes(new Uint8Array(await answer.arrayBuffer()), film)
  const [fromHonest = 0, fromLiar = 0] = await uploadedBy(swarm.seeders)
  expect(fromLiar).toBeGreaterThan(0)
  expect((fromHonest + fromLiar) / film.length).toBeLessThan(1.2)
})

swarmTest('of several peers only those that sent wrong bytes are dropped', async () => {
  const film = patternBytes(24 * MIB)
  const uploadLimit = 3 * MIB
  // Most of what it sends is right, and each piece is assembled from blocks of all three.
  const liar = { uploadLimit, bytes: corrupted(film, 512 * 1024) }
  await using swarm = await startMixedSwarm(film, MIB, { uploadLimit }, liar, { uploadLimit })
  const [honest] = swarm.seeders
  await using app = await startTestApp(honest?.settings)

  const answer = await fetch(`${app.url}/stream/proxy/${honest?.infoHash}`)
  expectSameBytes(new Uint8Array(await answer.arrayBuffer()), film)
  const [first = 0, fromLiar = 0, third = 0] = await uploadedBy(swarm.seeders)
  expect(fromLiar).toBeLessThan(Math.min(first, third))
  expect((first + fromLiar + third) / film.length).toBeLessThan(1.5)
})

swarmTest(
  'when the only peer sends wrong bytes, no wrong byte reaches the viewer and the peer is not asked again',
  async () => {
    const film = patternBytes(8 * MIB)
    await using swarm = await startMixedSwarm(film, 256 * 1024, {}, { bytes: corrupted(film, 64 * 1024) })
    const [honest, liar] = swarm.seeders
    await honest?.stopSeeding()
    await using app = await startTestApp({
      ...honest?.settings,
      TORRENT_TIMEOUT: '4000',
      TORRENT_MAX_RETRIES: '0',
    })

    const answer = await fetch(`${app.url}/stream/proxy/${liar?.infoHash}`)
    const body = await answer.arrayBuffer().catch(() => undefined)
    expect(answer.ok && body !== undefined).toBe(false)
    expect(await liar?.uploadedBytes()).toBeLessThan(film.length)
  },
)

swarmTest('two peers that accept requests and never answer do not block a film', async () => {
  const film = patternBytes(10 * MIB)
  await using swarm = await startMixedSwarm(film, 256 * 1024, { uploadLimit: 4_000_000, tickInterval: 20 })
  const [{ infoHash = '', port = 0 } = {}] = swarm.seeders
  await using stuck = await startStuckPeers({ infoHash, count: 2, from: 'many' })
  await using tracker = await startNamingTracker([...stuck.addresses, { host: '127.0.0.1', port }])
  await using app = await startTestApp({ TORRENT_TRACKERS: tracker.url })

  const stream = await openStream(`${app.url}/stream/proxy/${infoHash}`)
  const parts: Buffer[] = []
  let longestMs = 0
  let last = performance.now()
  for await (const part of stream) {
    longestMs = Math.max(longestMs, performance.now() - last)
    last = performance.now()
    parts.push(part)
  }
  expectSameBytes(Buffer.concat(parts), film)
  expect(stuck.meetings()).toBeGreaterThanOrEqual(2)
  // It used to be 30 s, the time that a peer may be silent.
  expect(longestMs).toBeLessThan(10_000)
})
