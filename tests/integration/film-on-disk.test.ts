import { access, mkdir, readdir, readFile, stat, truncate, unlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { InfoHash } from '../../src/domain/bittorrent/info-hash.ts'
import { type EarlierRun, type LeftFolder, leaveCompleteTorrent } from '../support/earlier-run.ts'
import { flipByte } from '../support/flip-byte.ts'
import { openStream, readBytes } from '../support/http-client.ts'
import { AS_OWNER } from '../support/owner.ts'
import { patternBytes } from '../support/pattern-bytes.ts'
import { send } from '../support/send.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { isCompleteOnDisk, startTestApp, type TestApp } from '../support/test-app.ts'

const MIB = 1024 * 1024
const HOUR_MS = 3_600_000
/** no peers, and no long wait for them; but pieces that are there are hashed in time on a busy machine, too */
const ALONE = { TORRENT_TIMEOUT: '1000', TORRENT_MAX_RETRIES: '0', STREAM_STALL_TIMEOUT: '1000' }
const film = patternBytes(3 * MIB + 123)
/** more than all buffers between the server and a stalled viewer hold */
const longFilm = patternBytes(24 * MIB, 'long')

afterEach(() => void vi.useRealTimers())

/** What is left on the server that the tests share. */
interface LeftOnServer extends LeftFolder {
  /** of the first file */
  readonly path: string
  readonly server: TestApp
  readonly url: string
}

const beforeSharedStart: ((root: string) => Promise<void>)[] = []
let sharedServer: TestApp
const ofSharedServer = new AsyncDisposableStack()
beforeAll(async () => {
  const { path } = ofSharedServer.use(await temporaryFolder())
  for (const leaveOne of beforeSharedStart) await leaveOne(path)
  sharedServer = ofSharedServer.use(await startTestApp({ ...ALONE, TORRENT_DOWNLOAD_PATH: path }))
})
afterAll(() => ofSharedServer.disposeAsync())

/**
 * Leaves a torrent in the folder of a server that starts before the first test. Each test has a torrent of its own,
 * so none sees what another does to a film.
 *
 * @param change - done to what is left before the server starts
 * @returns for the test: what was left
 */
function onSharedServer(
  run: Partial<Omit<EarlierRun, 'root'>> = {},
  change: (left: LeftFolder & { readonly path: string }) => Promise<unknown> = async () => undefined,
): () => LeftOnServer {
  let left: LeftFolder | undefined
  const n = beforeSharedStart.push(async (root) => {
    left = await leaveCompleteTorrent({ files: [{ name: `Film ${n}.mkv`, bytes: film }], ...run, root })
    await change({ ...left, path: left.paths[0] ?? '' })
  })
  return () => {
    const there = left ?? expect.fail('nothing was left')
    return {
      ...there,
      path: there.paths[0] ?? '',
      server: sharedServer,
      url: `${sharedServer.url}/stream/proxy/${there.infoHash}`,
    }
  }
}

describe('a film from an earlier run', () => {
  const leftWhole = onSharedServer()
  test('is served completely, without peers', async () => {
    const left = leftWhole()
    const askedAt = Date.now()
    const answer = await send(left.url)
    expect(answer.status).toBe(200)
    expect(answer.headers).toMatchObject({
      etag: `"${left.infoHash}-0"`,
      'content-type': 'video/x-matroska',
      'content-length': String(film.length),
      'accept-ranges': 'bytes',
    })
    expect(answer.body.equals(film)).toBe(true)
    expect(Date.now() - askedAt).toBeLessThan(10_000)
  })

  const leftForRanges = onSharedServer()
  test('answers HEAD, ranges and conditions', async () => {
    const left = leftForRanges()
    const url = left.url
    const etag = `"${left.infoHash}-0"`
    const head = await send(url, { method: 'HEAD' })
    expect([head.status, head.headers['content-length'], head.headers.etag]).toEqual([
      200,
      String(film.length),
      etag,
    ])

    const headOfPart = await send(url, { method: 'HEAD', headers: { Range: 'bytes=5-9' } })
    expect([headOfPart.status, headOfPart.headers['content-range'], headOfPart.body.length]).toEqual([
      206,
      `bytes 5-9/${film.length}`,
      0,
    ])

    const ranges = [
      [0, 1],
      [262_143, 262_144],
      [2 * MIB - 5, 3 * MIB],
      [film.length - 1, film.length - 1],
    ] as const
    for (const [start, end] of ranges) {
      const answer = await send(url, { headers: { Range: `bytes=${start}-${end}`, 'If-Range': etag } })
      expect(answer.status).toBe(206)
      expect(answer.headers['content-range']).toBe(`bytes ${start}-${end}/${film.length}`)
      expect(answer.body.equals(film.subarray(start, end + 1))).toBe(true)
    }
    const beyond = await send(url, { headers: { Range: `bytes=${film.length}-` } })
    expect([beyond.status, beyond.headers['content-range']]).toEqual([416, `bytes */${film.length}`])
    expect((await send(url, { headers: { 'If-None-Match': etag } })).status).toBe(304)
    const stale = await send(url, { headers: { Range: 'bytes=0-1', 'If-Range': '"other-0"' } })
    expect([stale.status, stale.body.length]).toEqual([200, film.length])
  })

  const small = patternBytes(2 * MIB, 'small')
  const leftWithOthers = onSharedServer({
    files: [
      { name: 'Small.mp4', bytes: small },
      { name: 'Read me.txt', bytes: Buffer.from('hello') },
      { name: 'Large.mkv', bytes: film },
    ],
  })
  test('is found by its file index, and by no wrong one', async () => {
    const left = leftWithOthers()
    for (const [path, fileIdx, bytes] of [
      ['', 2, film],
      ['/2', 2, film],
      ['/2/Small.mp4', 2, film],
      ['/0', 0, small],
      ['/0/Large.mkv', 0, small],
    ] as const) {
      const answer = await send(left.url + path)
      expect(answer.headers.etag, path).toBe(`"${left.infoHash}-${fileIdx}"`)
      expect(answer.body.equals(bytes), path).toBe(true)
    }
    for (const path of ['/1', '/3', '/999']) {
      expect((await send(left.url + path)).status, path).toBe(404)
    }
  })

  const leftWithPlaced = onSharedServer({}, ({ directory }) =>
    writeFile(join(directory, `${'e'.repeat(40)}.mkv`), film),
  )
  test('in a folder of ours does not count as a placed file', async () => {
    const { server } = leftWithPlaced()
    expect((await send(`${server.url}/stream/proxy/${'e'.repeat(40)}`)).status).toBe(404)
  })
})

describe('a file changed on disk', () => {
  const leftToDate = onSharedServer()
  test('in its date only is hashed again and served', async () => {
    const left = leftToDate()
    await utimes(left.path, 1_000, 1_000)
    for (let time = 0; time < 2; time++) {
      const answer = await send(left.url)
      expect([answer.status, answer.headers.etag]).toEqual([200, `"${left.infoHash}-0"`])
      expect(answer.body.equals(film)).toBe(true)
    }
  })

  const leftToTouch = onSharedServer()
  test('is complete again when all its pieces were hashed', async () => {
    const left = leftToTouch()
    await utimes(left.path, 1, 1)
    expect(await isCompleteOnDisk(left.server, left.infoHash)).toBe(false)
    expect((await send(left.url)).status).toBe(200)
    await expect.poll(() => isCompleteOnDisk(left.server, left.infoHash)).toBe(true)
    expect((await send(left.url)).body.equals(film)).toBe(true)
  })

  test.for([
    ['at once', onSharedServer()],
    ['when it counts as whole again', onSharedServer()],
  ] as const)(
    'that was touched, and then changed %s, never gives a wrong byte',
    async ([when, leftTouched]) => {
      const left = leftTouched()
      await utimes(left.path, 1, 1)
      expect((await send(left.url)).body.equals(film)).toBe(true)
      if (when !== 'at once') await expect.poll(() => isCompleteOnDisk(left.server, left.infoHash)).toBe(true)
      await flipByte(left.path, 2 * MIB)
      const { status, bytes } = await receive(left.url)
      if (status !== 200) return expect(status).toBeGreaterThanOrEqual(400)
      expect(bytes.length).toBeLessThanOrEqual(2 * MIB)
      expect(bytes.equals(film.subarray(0, bytes.length))).toBe(true)
    },
  )

  const badByte = 2 * MIB + 300_000
  const badPieceFrom = 2 * MIB + 262_144
  test.for([
    ['before the start', onSharedServer({}, ({ path }) => flipByte(path, badByte))],
    ['while the server runs', onSharedServer()],
  ] as const)('%s never gives a wrong byte', async ([when, leftForBadByte]) => {
    const left = leftForBadByte()
    if (when !== 'before the start') {
      expect((await send(left.url)).body.equals(film)).toBe(true)
      await flipByte(left.path, badByte)
    }

    for (let time = 0; time < 2; time++) {
      const answer = await receive(left.url)
      expect(answer.status).toBe(200)
      expect(answer.isWhole).toBe(false)
      expect(answer.bytes.length).toBe(badPieceFrom)
      expect(answer.bytes.equals(film.subarray(0, badPieceFrom))).toBe(true)
    }
    const inBadPiece = await receive(left.url, `bytes=${badByte + 1}-${badByte + 2}`)
    expect(inBadPiece.status).toBe(404)
    const behind = await receive(left.url, `bytes=${badPieceFrom + 262_144}-`)
    expect(behind.status).toBe(206)
    expect(behind.bytes.equals(film.subarray(badPieceFrom + 262_144))).toBe(true)
  })

  const leftBadFirst = onSharedServer({}, ({ path }) => flipByte(path, 0))
  test('at its first byte gives 404', async () => {
    const left = leftBadFirst()
    expect((await send(left.url)).status).toBe(404)
  })

  const cutAt = 1.5 * MIB + 10
  test.for([
    ['before the start', onSharedServer({}, ({ path }) => truncate(path, cutAt))],
    ['while the server runs', onSharedServer()],
  ] as const)('by cutting it, %s, is served up to the cut', async ([when, leftToCut]) => {
    const left = leftToCut()
    if (when !== 'before the start') {
      expect((await send(left.url)).status).toBe(200)
      await truncate(left.path, cutAt)
    }
    const answer = await receive(left.url)
    expect(answer.isWhole).toBe(false)
    expect(answer.bytes.length).toBeLessThanOrEqual(cutAt)
    expect(answer.bytes.equals(film.subarray(0, 1.5 * MIB))).toBe(true)
  })

  const leftToTake = onSharedServer()
  test('by removing it gives 404', async () => {
    const left = leftToTake()
    expect((await send(left.url)).status).toBe(200)
    await unlink(left.path)
    expect((await send(left.url)).status).toBe(404)
  })

  const leftWithBadNotes = onSharedServer({}, async ({ directory, path }) => {
    await writeFile(join(directory, '.self-streme', 'state.json'), '{"createdAt":1,"last')
    await flipByte(path, MIB)
  })
  test('together with our notes is hashed piece by piece', async () => {
    const left = leftWithBadNotes()
    const answer = await receive(left.url)
    expect(answer.bytes.equals(film.subarray(0, MIB))).toBe(true)
    expect(answer.isWhole).toBe(false)
  })
})

describe('a film whose notes are lost', () => {
  const leftWithoutPieces = onSharedServer({}, async ({ directory, path }) => {
    await unlink(join(directory, '.self-streme', 'verified.bits'))
    await utimes(path, 1, 1)
  })
  test('on its pieces is served, even if its date has changed too', async () => {
    const left = leftWithoutPieces()
    const answer = await send(left.url)
    expect(answer.status).toBe(200)
    expect(answer.body.equals(film)).toBe(true)
  })

  const leftWithNotes = (content: string | undefined) =>
    onSharedServer({}, ({ directory }) => {
      const notes = join(directory, '.self-streme', 'state.json')
      return content === undefined ? unlink(notes) : writeFile(notes, content)
    })
  test.for([
    ['are gone', leftWithNotes(undefined)],
    ['are empty', leftWithNotes('')],
    ['are broken', leftWithNotes('{"createdAt": 17, "lastRe')],
    ['are something else', leftWithNotes('[]')],
  ] as const)('on its state is served when they %s', async ([, leftSo]) => {
    const left = leftSo()
    const answer = await send(left.url)
    expect(answer.status).toBe(200)
    expect(answer.body.equals(film)).toBe(true)
  })
})

const called = 'f'.repeat(40)
const leftUnderOtherHash = onSharedServer({ folderName: () => called })
test('a folder with metadata of another torrent is not served under the hash in its name', async () => {
  const { server } = leftUnderOtherHash()
  for (const path of ['', '/0']) {
    expect((await send(`${server.url}/stream/proxy/${called}${path}`)).status).toBe(404)
  }
})

describe('files that the user put there', () => {
  test('in a folder named like an info hash are served, and neither changed nor removed', async () => {
    await using folder = await temporaryFolder()
    const hash = 'd'.repeat(40)
    const own = join(folder.path, hash)
    await mkdir(own)
    await writeFile(join(own, 'Film.mkv'), film)
    await utimes(join(own, 'Film.mkv'), 1, 1)
    const before = await stat(own)
    {
      await using app = await startTestApp({
        ...ALONE,
        TORRENT_DOWNLOAD_PATH: folder.path,
        TORRENT_CLEANUP_INTERVAL: '1',
        TORRENT_CLEANUP_ON_SHUTDOWN: 'all',
      })
      expect((await send(`${app.url}/stream/proxy/${hash}`)).body.equals(film)).toBe(true)
      expect(await cleanUp(app)).toMatchObject({ removed: 0, freedBytes: 0 })
    }
    expect(await readdir(own)).toEqual(['Film.mkv'])
    expect((await stat(own)).mtimeMs).toBe(before.mtimeMs)
    expect((await readFile(join(own, 'Film.mkv'))).equals(film)).toBe(true)
  })

  test('in a folder of that name make the server add a number to its own folder', async () => {
    await using left = await leave({ folderName: (infoHash) => `${infoHash}.2` })
    const own = join(left.root, left.infoHash)
    await mkdir(own)
    await writeFile(join(own, 'Film.mkv'), patternBytes(MIB, 'mine'))
    await using app = await left.start({ TORRENT_CLEANUP_INTERVAL: '0' })
    expect((await send(left.urlOn(app))).body.equals(film)).toBe(true)
    expect(await cleanUp(app)).toMatchObject({ removed: 1 })
    expect(await isThere(left.directory)).toBe(false)
    expect(await readdir(own)).toEqual(['Film.mkv'])
  })

  test('in a folder of ours survive a clean-up', async () => {
    await using left = await leave()
    await writeFile(join(left.directory, 'Film.srt'), 'subtitles')
    await mkdir(join(left.directory, 'Extras'))
    await writeFile(join(left.directory, 'Extras', 'Film.mkv'), 'mine')
    await using app = await left.start({ TORRENT_CLEANUP_INTERVAL: '0' })
    expect((await cleanUp(app)).removed).toBe(1)
    expect((await readdir(left.directory, { recursive: true })).sort()).toEqual([
      'Extras',
      'Extras/Film.mkv',
      'Film.srt',
    ])
    expect((await send(left.urlOn(app))).status).toBe(404)
    expect(await cleanUp(app)).toMatchObject({ removed: 0, freedBytes: 0 })
  })

  test('as placed files survive every clean-up', async () => {
    await using left = await leave({ lastReadAt: 1 })
    const placed = join(left.root, `Mine ${left.infoHash}.mp4`)
    await writeFile(placed, film)
    await utimes(placed, 1, 1)
    {
      await using app = await left.start({
        TORRENT_CLEANUP_INTERVAL: '500',
        TORRENT_CLEANUP_ON_SHUTDOWN: 'all',
      })
      await expect.poll(() => isThere(left.directory)).toBe(false)
      expect(await cleanUp(app)).toMatchObject({ removed: 0, freedBytes: 0 })
      // The film of the server is gone, so the user's is served.
      expect((await send(left.urlOn(app))).headers['content-type']).toBe('video/mp4')
    }
    expect((await stat(placed)).mtimeMs).toBe(1_000)
  })
})

describe('clean-up', () => {
  test('on request removes films without readers, and says how much that freed', async () => {
    await using left = await leave({ lastReadAt: Date.now() - HOUR_MS / 4 })
    const other = await leaveCompleteTorrent({
      root: left.root,
      files: [{ name: 'Other.mp4', bytes: longFilm }],
      lastReadAt: Date.now() - HOUR_MS / 4,
    })
    await using app = await left.start()
    const { removed, freedBytes } = await cleanUp(app)
    expect(removed).toBe(2)
    expect(freedBytes).toBeGreaterThanOrEqual(film.length + longFilm.length)
    expect(await isThere(left.directory)).toBe(false)
    expect(await isThere(other.directory)).toBe(false)
    expect((await send(left.urlOn(app))).status).toBe(404)
  })

  test('removes a film that was idle for long, also while the server was down', async () => {
    await using left = await leave({ lastReadAt: Date.now() - HOUR_MS })
    const leaveOther = (name: string, lastReadAt: number) =>
      leaveCompleteTorrent({ root: left.root, files: [{ name, bytes: film }], lastReadAt })
    const startedAt = Date.now()
    const recent = await leaveOther('Recent.mp4', startedAt)
    // However long the server takes to start, it is not past its time.
    const kept = await leaveOther('Kept.mp4', startedAt + HOUR_MS)
    await using app = await left.start({ TORRENT_CLEANUP_INTERVAL: '1000' })
    await expect.poll(() => isThere(left.directory), { interval: 20 }).toBe(false)
    await expect.poll(() => isThere(recent.directory), { interval: 20 }).toBe(false)
    expect(Date.now() - startedAt).toBeGreaterThan(1_000)
    await expect
      .poll(() => app.app.index.entries().map(({ contents }) => contents.infoHash), { interval: 20 })
      .toEqual([kept.infoHash])
    expect(await isThere(kept.directory)).toBe(true)
    // One and a half times the interval, plus what a busy machine adds.
    expect(Date.now() - startedAt).toBeLessThan(1_500 + 10_000)
  })

  test('with an interval of 0 removes nothing', async () => {
    await using left = await leave({ lastReadAt: 1 })
    {
      await using app = await left.start({ TORRENT_CLEANUP_INTERVAL: '0' })
      // On every run the janitor checks all that is there.
      const rounds = vi.spyOn(app.app.index, 'entries')
      await expect.poll(() => rounds.mock.calls.length).toBeGreaterThanOrEqual(3)
      expect((await send(left.urlOn(app))).status).toBe(200)
    }
    expect(await isThere(left.path)).toBe(true)
  })

  test('counts from the last read, also across a restart', async () => {
    await using left = await leave({ lastReadAt: Date.now() - HOUR_MS })
    const readAt = Date.now()
    {
      await using app = await left.start({ TORRENT_CLEANUP_INTERVAL: String(2 * HOUR_MS) })
      expect((await send(left.urlOn(app), { headers: { Range: 'bytes=0-1' } })).status).toBe(206)
    }
    await using app = await left.start({ TORRENT_CLEANUP_INTERVAL: String(2 * HOUR_MS) })
    expect(app.app.index.entries()[0]?.usage.lastReadAt).toBeGreaterThanOrEqual(readAt)
  })

  test('keeps a film that is being read', async () => {
    // However long the server takes to start, the film is not past its time before it is read.
    const lastReadAt = Date.now() + 10_000
    await using left = await leave({ files: [{ name: 'Long.mkv', bytes: longFilm }], lastReadAt })
    const other = await leaveCompleteTorrent({
      root: left.root,
      files: [{ name: 'Other.mp4', bytes: film }],
      lastReadAt,
    })
    await using app = await left.start({ TORRENT_CLEANUP_INTERVAL: '400' })
    const viewer = await openStream(left.urlOn(app))
    expect((await readBytes(viewer, 1000)).equals(longFilm.subarray(0, 1000))).toBe(true)
    // Read later, and already removed: on that run this film was past its time too.
    expect((await send(`${app.url}/stream/proxy/${other.infoHash}`)).status).toBe(200)
    await expect.poll(() => isThere(other.directory), { interval: 20 }).toBe(false)
    expect(await cleanUp(app)).toMatchObject({ removed: 0, freedBytes: 0 })
    expect(await isThere(left.path)).toBe(true)
    expect((await readBytes(viewer, longFilm.length - 1000)).equals(longFilm.subarray(1000))).toBe(true)

    // From here on it has no reader.
    const readUntil = Date.now()
    await expect.poll(() => isThere(left.directory), { interval: 20 }).toBe(false)
    expect(Date.now() - readUntil).toBeLessThan(600 + 10_000)
  })

  test('at shutdown (all) removes even a film that is being sent', async () => {
    await using left = await leave({ files: [{ name: 'Long.mkv', bytes: longFilm }] })
    {
      await using app = await left.start({ TORRENT_CLEANUP_ON_SHUTDOWN: 'all' })
      await readBytes(await openStream(left.urlOn(app)), 1000)
      expect(app.app.torrents.isUsed(left.infoHash as InfoHash)).toBe(true)
    }
    expect(await isThere(left.directory)).toBe(false)
  })

  test.for([
    ['idle', { old: false, recent: true }],
    ['all', { old: false, recent: false }],
    ['none', { old: true, recent: true }],
  ] as const)('at shutdown (%s) leaves %j', async ([onShutdown, expected]) => {
    await using left = await leave()
    const old = await leaveCompleteTorrent({
      root: left.root,
      files: [{ name: 'Old.mp4', bytes: film }],
      lastReadAt: Date.now() - HOUR_MS / 2,
    })
    const settings = { TORRENT_CLEANUP_INTERVAL: String(HOUR_MS), TORRENT_CLEANUP_ON_SHUTDOWN: onShutdown }
    {
      await using app = await left.start(settings)
      // Past its time, and the janitor has not run since.
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 0.75 * HOUR_MS })
      expect(await isThere(old.directory)).toBe(true)
      expect(app.app.index.entries()).toHaveLength(2)
    }
    expect({ old: await isThere(old.directory), recent: await isThere(left.directory) }).toEqual(expected)
  })
})

test('a second server on the same folder refuses to start until the first has stopped', async () => {
  await using left = await leave()
  {
    await using app = await left.start()
    await expect(left.start()).rejects.toMatchObject({
      code: 'folder.in_use',
      message: expect.stringMatching(/TORRENT_DOWNLOAD_PATH/),
    })
    expect((await send(left.urlOn(app))).status).toBe(200)
  }
  await using app = await left.start()
  expect((await send(left.urlOn(app))).status).toBe(200)
})

interface Left extends LeftFolder, AsyncDisposable {
  /** download folder */
  readonly root: string
  /** of the first file */
  readonly path: string
  start(settings?: Record<string, string>): Promise<TestApp>
  urlOn(app: TestApp): string
}

/** A download folder with one torrent. */
async function leave(run: Partial<Omit<EarlierRun, 'root'>> = {}): Promise<Left> {
  const folder = await temporaryFolder()
  const left = await leaveCompleteTorrent({
    files: [{ name: 'Film.mkv', bytes: film }],
    ...run,
    root: folder.path,
  })
  return {
    ...left,
    root: folder.path,
    path: left.paths[0] ?? '',
    start: (settings) => startTestApp({ ...ALONE, TORRENT_DOWNLOAD_PATH: folder.path, ...settings }),
    urlOn: (app) => `${app.url}/stream/proxy/${left.infoHash}`,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}

/** All bytes received, also of an answer that is cut off. */
async function receive(
  url: string,
  range?: string,
): Promise<{ status: number; bytes: Buffer; isWhole: boolean }> {
  const stream = await openStream(url, range === undefined ? {} : { Range: range })
  const parts: Buffer[] = []
  const closed = new Promise((done) => stream.on('close', done))
  stream.on('error', () => undefined).on('data', (part: Buffer) => parts.push(part))
  await closed
  return { status: stream.statusCode ?? 0, bytes: Buffer.concat(parts), isWhole: stream.complete }
}

/** Damages a byte so that the date of the file changes. */
async function cleanUp(app: TestApp): Promise<{ removed: number; freedBytes: number }> {
  const answer = await send(`${app.url}/admin/cleanup`, { method: 'POST', headers: AS_OWNER })
  expect(answer.status).toBe(200)
  return answer.json as { removed: number; freedBytes: number }
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
