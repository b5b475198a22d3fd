import { access, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { leaveCompleteTorrent } from '../support/earlier-run.ts'
import { getRange, openStream, readBytes } from '../support/http-client.ts'
import { expectSameBytes, patternBytes, sha256 } from '../support/pattern-bytes.ts'
import { seedFilm } from '../support/seeded-film.ts'
import { type ServerProcess, startServerProcess } from '../support/server-process.ts'
import { hasSeeder, type Swarm } from '../support/swarm.ts'
import { canMount, makeReadOnly, mountTmpfs, type Tmpfs } from '../support/tmpfs.ts'

const MIB = 1024 * 1024
const HOUR_MS = 3_600_000
const LONG_AGO = Date.now() - HOUR_MS
/** Idle films are not removed, and the test has the disk for itself. */
const SETTINGS = { TORRENT_CLEANUP_INTERVAL: String(24 * HOUR_MS), CACHE_MIN_FREE: '0' }
/** Other tests run at the same time. */
const SLOWLY = { timeout: 15_000 }
const diskTest = test.skipIf(!hasSeeder || !canMount)

diskTest('on a full disk an idle film is evicted, and the film being watched completes', async () => {
  await using disk = await mountTmpfs(48 * MIB)
  const idle = await leaveFilm(disk, patternBytes(24 * MIB, 'idle'))
  const film = patternBytes(36 * MIB)
  await using seeder = await seedFilm(film)
  await using server = start(disk, seeder)
  const url = await urlOf(server, seeder.infoHash)
  expectSameBytes(await getRange(url, 0, film.length - 1), film)
  expect(await isThere(idle.directory)).toBe(false)
  expect(server.output()).not.toContain('downloads paused')
})

diskTest.for([
  ['piece by piece', 6 * MIB],
  ['at once', 0],
] as const)('a disk that fills up %s pauses the download and nothing else', async ([, leftBytes]) => {
  await using disk = await mountTmpfs(36 * MIB)
  const [film, cached] = [patternBytes(20 * MIB), patternBytes(6 * MIB, 'cached')]
  const kept = await leaveFilm(disk, cached, { isPinned: true })
  await using seeder = await seedFilm(film, { uploadLimit: 8 * MIB })
  await using other = await seedFilm(patternBytes(2 * MIB, 'other'), { trackerUrl: seeder.trackerUrl })
  await using server = start(disk, seeder, { STREAM_STALL_TIMEOUT: '60000' })
  const url = await urlOf(server, seeder.infoHash)

  const viewer = await openStream(url)
  const begin = await readBytes(viewer, 4 * MIB)
  await disk.fillTo(leftBytes)
  await expect.poll(() => server.output(), SLOWLY).toContain('downloads paused')

  // What is on disk is still served.
  expectSameBytes(await getRange(url, 0, 4 * MIB - 1), film.subarray(0, 4 * MIB))
  expectSameBytes(await getRange(await urlOf(server, kept.infoHash), 0, cached.length - 1), cached)
  // What is not is refused at once.
  for (const [refused, headers] of [
    [url, { Range: `bytes=${film.length - 4 * MIB}-` }],
    [await urlOf(server, other.infoHash), {}],
  ] as const) {
    const askedAt = performance.now()
    const answer = await fetch(refused, { headers })
    expect(answer.status).toBe(507)
    expect(performance.now() - askedAt).toBeLessThan(15_000)
    expect(await answer.json()).toEqual({
      error: 'disk.full',
      message: expect.stringMatching(/full: .* free/),
      freeBytes: expect.any(Number),
      minFreeBytes: 0,
    })
  }

  // Nothing accumulates meanwhile: no more blocks are requested.
  await expect.poll(() => isPaused(seeder), SLOWLY).toBe(true)

  await disk.clear()
  expectSameBytes(Buffer.concat([begin, await readBytes(viewer, film.length - begin.length)]), film)
  const path = join(disk.path, seeder.infoHash, 'Film.mkv')
  await expect.poll(() => server.output()).toContain('Download complete: Film.mkv')
  expect(sha256(await readFile(path))).toBe(sha256(film))
  await expect.poll(() => countOf('downloads resumed', server)).toBe(1)
  expect(countOf('downloads paused', server)).toBe(1)
  expect(server.output()).not.toContain('engine process ended')
  expect((await readdir(disk.path, { recursive: true })).filter((name) => /\.new(-|$)/.test(name))).toEqual(
    [],
  )
})

diskTest(
  'on a disk that is full from the start, complete films are played and notes are written later',
  async () => {
    await using disk = await mountTmpfs(24 * MIB)
    const [film, cached] = [patternBytes(6 * MIB), patternBytes(4 * MIB, 'cached')]
    const kept = await leaveFilm(disk, cached, { isPinned: true })
    await disk.fillTo(0)
    await using seeder = await seedFilm(film)
    const server = start(disk, seeder)
    await using stopped = new AsyncDisposableStack()
    stopped.use(server)
    expectSameBytes(await getRange(await urlOf(server, kept.infoHash), 0, cached.length - 1), cached)
    const url = await urlOf(server, seeder.infoHash)
    expect((await fetch(url)).status).toBe(507)
    await expect.poll(() => countOf('downloads paused', server)).toBe(1)
    expect(countOf('the index cannot be saved', server)).toBe(1)

    await disk.clear()
    await expect.poll(async () => (await fetch(url, { method: 'HEAD' })).status, SLOWLY).toBe(200)
    expectSameBytes(await getRange(url, 0, film.length - 1), film)
    await expect.poll(() => server.output(), SLOWLY).toContain('the index can be saved again')
    await expect.poll(() => usageOf(disk, kept.infoHash), SLOWLY).toMatchObject({ plays: expect.closeTo(1) })
    await stopped.disposeAsync()

    // All of it was noted, so that neither a swarm nor hashing is needed after a crash.
    await using again = startServerProcess({ ...SETTINGS, TORRENT_DOWNLOAD_PATH: disk.path })
    for (const [infoHash, bytes] of [
      [kept.infoHash, cached],
      [seeder.infoHash, film],
    ] as const)
      expectSameBytes(await getRange(await urlOf(again, infoHash), 0, bytes.length - 1), bytes)
  },
)

diskTest(
  'a disk that is full when the metadata arrives gives 507 and leaves nothing half-written',
  async () => {
    await using disk = await mountTmpfs(16 * MIB)
    await using seeder = await seedFilm(patternBytes(6 * MIB))
    await using server = start(disk, seeder)
    const url = await urlOf(server, seeder.infoHash)
    seeder.freeze()
    const answer = fetch(url)
    await expect.poll(() => server.output()).toContain('Starting torrent stream')
    await disk.fillTo(0)
    seeder.thaw()
    expect((await answer).status).toBe(507)
    expect(await (await answer).json()).toMatchObject({ error: 'disk.full' })
    const ours = async () =>
      (await readdir(disk.path)).filter(
        (name) => !/^mine|^\.self-streme\.(lock|token)|^self-streme\.db/.test(name),
      )
    await expect.poll(ours).toEqual([])

    await disk.clear()
    await expect.poll(async () => (await fetch(url)).status, SLOWLY).toBe(200)
  },
)

diskTest(
  'on a disk that is read-only from the start, complete films are played, and others once it is writable',
  async () => {
    await using disk = await mountTmpfs(24 * MIB)
    const [film, cached] = [patternBytes(6 * MIB), patternBytes(4 * MIB, 'cached')]
    const kept = await leaveFilm(disk, cached)
    await using seeder = await seedFilm(film)
    disk.remount('ro')
    await using server = start(disk, seeder, { TORRENT_CLEANUP_INTERVAL: '100' })
    expectSameBytes(await getRange(await urlOf(server, kept.infoHash), 0, cached.length - 1), cached)
    const url = await urlOf(server, seeder.infoHash)
    const refused = await fetch(url)
    expect(refused.status).toBe(507)
    expect(await refused.json()).toMatchObject({ error: 'disk.read_only' })

    disk.remount('rw')
    await expect.poll(async () => (await fetch(url)).status, SLOWLY).toBe(200)
    expectSameBytes(await getRange(url, 0, film.length - 1), film)
    await using second = start(disk, seeder)
    expect(await second.ended()).toBe(1)
    expect(second.output()).toContain('another self-streme')
    expect(countOf('disk read-only', server)).toBe(1)
  },
)

diskTest('a disk that becomes read-only pauses a download until it is writable again', async () => {
  await using disk = await mountTmpfs(48 * MIB)
  const film = patternBytes(24 * MIB)
  await using seeder = await seedFilm(film, { uploadLimit: 6 * MIB })
  await using server = start(disk, seeder, { STREAM_STALL_TIMEOUT: '60000' })
  const url = await urlOf(server, seeder.infoHash)
  const viewer = await openStream(url)
  const begin = await readBytes(viewer, 2 * MIB)
  {
    using _readOnly = makeReadOnly(disk.path)
    await expect.poll(() => server.output(), SLOWLY).toContain('disk read-only')
    await expect.poll(() => isPaused(seeder), SLOWLY).toBe(true)
    const refused = await fetch(url, { headers: { Range: `bytes=${film.length - 4 * MIB}-` } })
    expect(refused.status).toBe(507)
    expect(await refused.json()).toMatchObject({ error: 'disk.read_only' })
    expectSameBytes(await getRange(url, 0, 2 * MIB - 1), begin)
  }
  expectSameBytes(Buffer.concat([begin, await readBytes(viewer, film.length - begin.length)]), film)
})

function leaveFilm(disk: Tmpfs, bytes: Buffer, usage = {}) {
  return leaveCompleteTorrent({
    root: disk.path,
    files: [{ name: 'Left.mkv', bytes }],
    lastReadAt: LONG_AGO,
    usage,
  })
}

function start(disk: Tmpfs, swarm: Swarm, settings: Record<string, string> = {}): ServerProcess {
  return startServerProcess({
    ...SETTINGS,
    ...swarm.settings,
    TORRENT_DOWNLOAD_PATH: disk.path,
    ...settings,
  })
}

async function urlOf(server: ServerProcess, infoHash: string): Promise<string> {
  return `${await server.url()}/stream/proxy/${infoHash}`
}

/** Waits until a seeder has sent nothing for a while. */
async function isPaused(swarm: Swarm): Promise<boolean> {
  const before = await swarm.uploadedBytes()
  await sleep(500)
  return (await swarm.uploadedBytes()) === before
}

async function usageOf(disk: Tmpfs, infoHash: string): Promise<unknown> {
  return JSON.parse(await readFile(join(disk.path, infoHash, '.self-streme', 'usage.json'), 'utf8'))
}

function countOf(words: string, server: ServerProcess): number {
  return server.output().split(words).length - 1
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
