import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openStream, readBytes } from '../support/http-client.ts'
import { expectSameBytes, patternBytes } from '../support/pattern-bytes.ts'
import { hasSeeder, type Swarm, startSwarm } from '../support/swarm.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestApp } from '../support/test-app.ts'

const MIB = 1024 * 1024
const swarmTest = test.skipIf(!hasSeeder)

interface SeederOptions {
  readonly uploadLimit?: number
  /** what it sends instead of the film */
  readonly bytes?: Uint8Array
}

/** One swarm with several seeders of a film, the first of them honest about what the torrent is. */
async function startSeeders(
  film: Uint8Array,
  pieceLength: number,
  first: SeederOptions,
  ...others: readonly SeederOptions[]
): Promise<{ readonly seeders: Swarm[] } & AsyncDisposable> {
  await using opened = new AsyncDisposableStack()
  const place = async (bytes: Uint8Array) => {
    const path = join(opened.use(await temporaryFolder()).path, 'Film.mkv')
    await writeFile(path, bytes)
    return path
  }
  const seeders = [opened.use(await startSwarm({ ...first, path: await place(film), pieceLength }))]
  const { trackerUrl = '', metainfo } = seeders[0] ?? {}
  const torrentFile = join(opened.use(await temporaryFolder()).path, 'film.torrent')
  await writeFile(torrentFile, metainfo ?? '')
  for (const { bytes = film, ...options } of others) {
    const path = await place(bytes)
    seeders.push(opened.use(await startSwarm({ ...options, path, pieceLength, trackerUrl, torrentFile })))
  }
  const parts = opened.move()
  return { seeders, [Symbol.asyncDispose]: () => parts.disposeAsync() }
}

/** One wrong byte in each so many. */
function corrupted(film: Uint8Array, every: number): Uint8Array {
  const bytes = Uint8Array.from(film)
  for (let at = 777; at < bytes.length; at += every) bytes[at] = (bytes[at] ?? 0) ^ 0xff
  return bytes
}

async function uploadedBy(seeders: readonly Swarm[]): Promise<number[]> {
  return Promise.all(seeders.map((seeder) => seeder.uploadedBytes()))
}

swarmTest('a peer that sends wrong bytes is found out, and costs little', async () => {
  const film = patternBytes(32 * MIB)
  const uploadLimit = 6 * MIB
  const liar = { uploadLimit, bytes: corrupted(film, 64 * 1024) }
  await using swarm = await startSeeders(film, 256 * 1024, { uploadLimit }, liar)
  const [honest] = swarm.seeders
  await using app = await startTestApp(honest?.settings)

  const answer = await fetch(`${app.url}/stream/proxy/${honest?.infoHash}`)
  expectSameBytes(new Uint8Array(await answer.arrayBuffer()), film)
  const [fromHonest = 0, fromLiar = 0] = await uploadedBy(swarm.seeders)
  expect(fromLiar).toBeGreaterThan(0)
  expect((fromHonest + fromLiar) / film.length).toBeLessThan(1.2)
})

swarmTest('among several, only those who sent wrong bytes are dropped', async () => {
  const film = patternBytes(24 * MIB)
  const uploadLimit = 3 * MIB
  // Most of what it sends is right, and each piece is put together from blocks of all three.
  const liar = { uploadLimit, bytes: corrupted(film, 512 * 1024) }
  await using swarm = await startSeeders(film, MIB, { uploadLimit }, liar, { uploadLimit })
  const [honest] = swarm.seeders
  await using app = await startTestApp(honest?.settings)

  const answer = await fetch(`${app.url}/stream/proxy/${honest?.infoHash}`)
  expectSameBytes(new Uint8Array(await answer.arrayBuffer()), film)
  const [first = 0, fromLiar = 0, third = 0] = await uploadedBy(swarm.seeders)
  expect(fromLiar).toBeLessThan(Math.min(first, third))
  expect((first + fromLiar + third) / film.length).toBeLessThan(1.5)
})

swarmTest('when there is nobody but a liar, nothing wrong is sent, and it is not asked again', async () => {
  const film = patternBytes(8 * MIB)
  await using swarm = await startSeeders(film, 256 * 1024, {}, { bytes: corrupted(film, 64 * 1024) })
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
})

/** Reads on, as fast as bytes come; the longest time between two of them, in ms. */
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

swarmTest('a peer that freezes holds up a viewer for less than four seconds', async () => {
  const film = patternBytes(24 * MIB)
  const uploadLimit = 1_500_000
  await using swarm = await startSeeders(film, 4 * MIB, { uploadLimit }, { uploadLimit })
  const [first, second] = swarm.seeders
  await using app = await startTestApp(first?.settings)

  const stream = await openStream(`${app.url}/stream/proxy/${first?.infoHash}`)
  expectSameBytes(await readBytes(stream, 6 * MIB), film.subarray(0, 6 * MIB))
  second?.freeze()
  const gapMs = await longestGap(stream)
  console.info(`longest gap with one of two peers frozen: ${Math.round(gapMs)} ms`)
  // A piece takes the other peer 2.8 s, so that is the least there can be.
  expect(gapMs).toBeLessThan(4_000)
  expect(stream.complete).toBe(true)
})

swarmTest('a peer that only trickles holds up nobody', async () => {
  const film = patternBytes(12 * MIB)
  await using swarm = await startSeeders(film, MIB, { uploadLimit: 3_000_000 }, { uploadLimit: 20_000 })
  const [first] = swarm.seeders
  await using app = await startTestApp(first?.settings)

  const stream = await openStream(`${app.url}/stream/proxy/${first?.infoHash}`)
  expectSameBytes(await readBytes(stream, MIB), film.subarray(0, MIB))
  const gapMs = await longestGap(stream)
  console.info(`longest gap with a peer of 20 KB/s beside one of 3 MB/s: ${Math.round(gapMs)} ms`)
  expect(gapMs).toBeLessThan(2_000)
})
