import { createHash } from 'node:crypto'
import { access, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import bencode from 'bencode'
import { beforeAll, describe, expect, test } from 'vitest'
import { MAX_TORRENT_FILE_BYTES } from '../../src/storage/torrent-file.ts'
import { apiOf } from '../support/api-client.ts'
import { leaveCompleteTorrent } from '../support/earlier-run.ts'
import { openStream, readBytes } from '../support/http-client.ts'
import { AS_OWNER } from '../support/owner.ts'
import { patternBytes } from '../support/pattern-bytes.ts'
import { send } from '../support/send.ts'
import { sharedApps } from '../support/shared-apps.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'

const MIB = 1024 * 1024
const HOUR_MS = 3_600_000
const UNKNOWN = 'c0ffee0000000000000000000000000000000000'
const film = patternBytes(3 * MIB)
/** more than all buffers between the server and a stalled viewer hold */
const longFilm = patternBytes(24 * MIB, 'long')
const JSON_BODY = { 'Content-Type': 'application/json' }
const TORRENT_BODY = { 'Content-Type': 'application/x-bittorrent' }

/** A torrent file of a film that no peer has. */
function torrentOf(bytes: number, changes: object = {}): Uint8Array {
  const pieceLength = 4 * MIB
  const pieces = Buffer.alloc(20 * Math.ceil(bytes / pieceLength))
  return bencode.encode({
    info: { length: bytes, name: 'Nobody.has.it.mkv', 'piece length': pieceLength, pieces },
    ...changes,
  })
}

const appWith = sharedApps()

/** A server for the tests that need no settings of their own, without the torrents that the test before added. */
async function emptyServer(): Promise<TestApp> {
  const app = await appWith()
  const api = apiOf(app.url)
  for (const { infoHash } of await api.list()) await api.remove(infoHash)
  expect(await api.list()).toEqual([])
  return app
}

describe('adding a torrent', () => {
  test('is answered 202 with its state, also when it has no peers', async () => {
    const app = await emptyServer()
    const api = apiOf(app.url)
    const { status, body } = await api.add({ infoHash: UNKNOWN.toUpperCase() })
    expect(status).toBe(202)
    expect(body).toMatchObject({
      infoHash: UNKNOWN,
      name: UNKNOWN,
      isPinned: true,
      wish: 'main',
      origin: 'added',
      bytesThere: 0,
      percent: 0,
      files: [],
    })
    await expect.poll(async () => (await api.list()).map(({ state }) => state)).toEqual(['looking'])
  })

  test('and removing it as soon as it is listed leaves nothing', async () => {
    const app = await emptyServer()
    const api = apiOf(app.url)
    for (let n = 0; n < 20; n++) {
      const infoHash = n.toString(16).padStart(40, 'c')
      const adding = api.add({ infoHash })
      await expect.poll(async () => (await api.list()).length, { interval: 1 }).toBe(1)
      expect((await api.remove(infoHash)).status).toBe(200)
      expect((await adding).status).toBe(202)
      expect(await api.list()).toEqual([])
    }
  })

  test('by upload of a torrent file shows name and size without peers', async () => {
    const app = await emptyServer()
    const api = apiOf(app.url)
    const { status, body } = await api.upload(torrentOf(9 * MIB), '?files=0&pin=false')
    expect(status).toBe(202)
    expect(body).toMatchObject({
      name: 'Nobody.has.it.mkv',
      isPinned: false,
      wish: [0],
      bytesWanted: 9 * MIB,
      files: [{ index: 0, name: 'Nobody.has.it.mkv', size: 9 * MIB, bytesThere: 0, isWanted: true }],
    })
  })

  test('by a magnet link selects files by an index that leaves out padding, in addition to earlier files', async () => {
    const app = await emptyServer()
    const api = apiOf(app.url)
    const pieceLength = 16 * 1024
    const files = ['one.mkv', 'pad', 'two.mkv', 'pad', 'notes.txt', 'pad', 'three.mkv'].map((name) =>
      name === 'pad'
        ? { length: pieceLength - 5, path: ['.pad', String(pieceLength - 5)], attr: 'p' }
        : { length: 5, path: [name] },
    )
    const pieces = Buffer.alloc(20 * 4)
    const info = { files, name: 'Padded', 'piece length': pieceLength, pieces }
    const { body } = await api.upload(bencode.encode({ info }), '?files=0')
    const wanted = async (addition: object) => {
      const { status, body: entry } = await api.add(addition)
      expect(status).toBe(202)
      return entry.files.filter(({ isWanted }) => isWanted).map(({ name }) => name)
    }
    const magnet = (so: string) => `magnet:?xt=urn:btih:${body.infoHash}&so=${so}`
    expect(await wanted({ magnet: magnet('1') })).toEqual(['one.mkv', 'two.mkv'])
    expect(await wanted({ magnet: magnet('3,99') })).toEqual(['one.mkv', 'two.mkv', 'three.mkv'])
    // Files requested explicitly have priority over those of links.
    expect(await wanted({ magnet: magnet('1'), files: [6] })).toEqual(['three.mkv'])
    expect(await wanted({ magnet: magnet('x,-'), files: undefined })).toEqual(['one.mkv'])
    const { status, body: refused } = await api.add({ magnet: magnet('4-9') })
    expect([status, refused.message]).toEqual([400, expect.stringContaining('its files are 0 to 3')])
    expect((await api.get(body.infoHash)).body.wish).toBe('main')
  })

  test('by a link that selects files remembers them until the metadata arrives, also after a restart', async () => {
    await using folder = await temporaryFolder()
    const settings = { TORRENT_DOWNLOAD_PATH: folder.path }
    {
      await using app = await startTestApp(settings)
      const { body } = await apiOf(app.url).add({ magnet: `magnet:?xt=urn:btih:${UNKNOWN}&so=0,2-3` })
      expect(body.wish).toEqual({
        select: [
          [0, 0],
          [2, 3],
        ],
      })
    }
    await using app = await startTestApp(settings)
    const api = apiOf(app.url)
    expect((await api.get(UNKNOWN)).body.wish).toEqual({
      select: [
        [0, 0],
        [2, 3],
      ],
    })
    const { body } = await api.add({ magnet: `magnet:?xt=urn:btih:${UNKNOWN}&so=7` })
    expect(body.wish).toEqual({
      select: [
        [0, 0],
        [2, 3],
        [7, 7],
      ],
    })
  })

  test('by a torrent file with unsorted keys uses the hash of its bytes as they are', async () => {
    const app = await emptyServer()
    const text = Buffer.from(torrentOf(MIB)).toString('latin1')
    // The keys of a dictionary are sorted (BEP 3); here the first of them is last.
    const swapped = text.replace(/(6:lengthi\d+e)(.*)(ee)$/s, '$2$1$3')
    expect(swapped).not.toBe(text)
    const bytes = Buffer.from(swapped, 'latin1')
    const info = bytes.subarray('d4:info'.length, -1)
    const { status, body } = await apiOf(app.url).upload(bytes)
    const infoHash = createHash('sha1').update(info).digest('hex')
    expect([status, body]).toEqual([202, expect.objectContaining({ infoHash, bytesWanted: MIB })])
  })

  test('escapes names in answers, so that they cannot control a terminal', async () => {
    const app = await emptyServer()
    const name = '\u009b31m\u202eFilm\u001b[2J.mkv'
    const pieces = Buffer.alloc(20)
    const torrent = bencode.encode({ info: { length: 100, name, 'piece length': 16 * 1024, pieces } })
    const added = await send(`${app.url}/api/torrents`, {
      method: 'POST',
      headers: { ...AS_OWNER, ...TORRENT_BODY },
      body: torrent,
    })
    const listed = await send(`${app.url}/api/torrents`, { headers: AS_OWNER })
    for (const text of [added.text, listed.text]) expect(text).not.toMatch(/[\p{Cc}\u202e]/u)
    expect(await apiOf(app.url).list()).toMatchObject([{ name }])
  })

  test('that is complete on disk pins it, and is answered 200', async () => {
    await using folder = await temporaryFolder()
    const left = await leaveCompleteTorrent({ root: folder.path, files: [{ name: 'Film.mkv', bytes: film }] })
    const metainfo = await readFile(join(left.directory, '.self-streme', 'metainfo.torrent'))
    await using app = await startTestApp({ TORRENT_DOWNLOAD_PATH: folder.path })
    const api = apiOf(app.url)
    for (const answer of [await api.upload(metainfo), await api.add({ infoHash: left.infoHash })]) {
      expect(answer.status).toBe(200)
      expect(answer.body).toMatchObject({ state: 'whole', isPinned: true, origin: 'added', percent: 100 })
      expect(answer.body.wish).toBeUndefined()
    }
  })

  test('without a video fetches it only when its files are named', async () => {
    await using folder = await temporaryFolder()
    const left = await leaveCompleteTorrent({
      root: folder.path,
      files: [{ name: 'Notes.txt', bytes: film }],
    })
    await using app = await startTestApp({ TORRENT_DOWNLOAD_PATH: folder.path })
    const api = apiOf(app.url)
    const refused = await api.add({ infoHash: left.infoHash })
    expect([refused.status, refused.body.message]).toEqual([400, expect.stringContaining('no video')])
    expect((await api.add({ infoHash: left.infoHash, files: 'all' })).status).toBe(200)
  })
})

describe('requests to add a torrent that are refused', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await emptyServer()
  })

  test.for([
    [{}, /either "magnet" or "infoHash"/],
    [{ infoHash: UNKNOWN, magnet: `magnet:?xt=urn:btih:${UNKNOWN}` }, /either/],
    [{ infoHash: UNKNOWN.slice(1) }, /neither a magnet link nor an info hash/],
    [{ magnet: 'magnet:?dn=Film' }, /has no info hash of BitTorrent v1/],
    [{ infoHash: 12 }, /neither a magnet link nor an info hash/],
    [{ infoHash: UNKNOWN, files: 'most' }, /"files" must be "main"/],
    [{ infoHash: UNKNOWN, files: [] }, /"files" must be "main"/],
    [{ infoHash: UNKNOWN, files: [1.5] }, /"files" must be "main"/],
    [{ infoHash: UNKNOWN, files: [-1] }, /"files" must be "main"/],
    [{ magnet: { toString: 1 } }, /"magnet" is neither .*expected text/],
    [{ infoHash: [UNKNOWN] }, /"infoHash" is neither .*expected text/],
    [{ infoHash: UNKNOWN, path: '/films/\0' }, /null character/],
    [{ infoHash: UNKNOWN, path: 5 }, /"path" must be a folder/],
    [{ infoHash: UNKNOWN, path: '/etc' }, /TORRENT_EXTRA_PATHS/],
    [{ infoHash: UNKNOWN, pin: 'yes' }, /"pin" must be true or false/],
    [{ infoHash: UNKNOWN, fiels: 'all' }, /unknown parameter "fiels"/],
    [[UNKNOWN], /send JSON/],
  ] as const)('%j is refused with what was expected', async ([addition, words]) => {
    const api = apiOf(app.url)
    const { status, body } = await api.add(addition)
    expect([status, body.message]).toEqual([400, expect.stringMatching(words)])
    expect(await api.list()).toEqual([])
  })

  test.for([
    ['JSON that is cut off', JSON_BODY, '{"infoHash":', 400, /not JSON/],
    ['a word', JSON_BODY, '"main"', 400, /not JSON/],
    ['nothing', {}, '', 400, /send JSON/],
    [
      'a form',
      { 'Content-Type': 'application/x-www-form-urlencoded' },
      `infoHash=${UNKNOWN}`,
      400,
      /send JSON/,
    ],
    ['a novel', JSON_BODY, JSON.stringify({ magnet: 'a'.repeat(70_000) }), 413, /too large/],
    ['a film', TORRENT_BODY, new Uint8Array(MAX_TORRENT_FILE_BYTES + 1), 413, /too large/],
    ['bytes that are not a torrent file', TORRENT_BODY, patternBytes(1_000), 400, /not a torrent file/],
    [
      'the first half of a torrent file',
      TORRENT_BODY,
      torrentOf(MIB).subarray(0, 60),
      400,
      /not a torrent file/,
    ],
    ['a torrent without pieces', TORRENT_BODY, torrentOf(0), 400, /not a torrent file/],
  ] as const)('a body of %s is refused', async ([, headers, body, status, words]) => {
    const answer = await send(`${app.url}/api/torrents`, {
      method: 'POST',
      headers: { ...AS_OWNER, ...headers },
      body,
    })
    expect([answer.status, (answer.json as { message: string }).message]).toEqual([
      status,
      expect.stringMatching(words),
    ])
  })

  test.for([
    ['?files=1', /has no file 1/],
    ['?files=1,x', /"files" must be "main"/],
    ['?pin=2', /"pin" must be true or false/],
    ['?magnet=x', /unknown parameter "magnet"/],
  ] as const)('a torrent file with %s is refused', async ([query, words]) => {
    const { status, body } = await apiOf(app.url).upload(torrentOf(MIB), query)
    expect([status, body.message]).toEqual([400, expect.stringMatching(words)])
  })
})

describe('the list of torrents', () => {
  test('has all that is known of a film on disk', async () => {
    await using folder = await temporaryFolder()
    const lastReadAt = Date.now() - HOUR_MS
    const left = await leaveCompleteTorrent({
      root: folder.path,
      files: [{ name: 'Film.mkv', bytes: film }],
      lastReadAt,
      usage: { plays: 2, playsAt: Date.now(), origin: 'imported', seeders: 7 },
    })
    await using app = await startTestApp({
      TORRENT_DOWNLOAD_PATH: folder.path,
      TORRENT_CLEANUP_INTERVAL: '0',
    })
    const [entry] = await apiOf(app.url).list()
    expect(entry).toMatchObject({
      infoHash: left.infoHash,
      name: 'Film.mkv',
      state: 'whole',
      isPinned: false,
      isWatched: false,
      origin: 'imported',
      lastReadAt: new Date(lastReadAt).toISOString(),
      plays: 2,
      directory: left.directory,
      bytesThere: film.length,
      bytesWanted: film.length,
      percent: 100,
      peers: 0,
      seeders: 7,
      downloadSpeed: 0,
      files: [{ index: 0, name: 'Film.mkv', size: film.length, isWhole: true, isWanted: true }],
    })
    expect(entry?.bytesOnDisk).toBeGreaterThanOrEqual(film.length)
  })

  test('is part of the cache overview, with the limits in effect', async () => {
    await using folder = await temporaryFolder()
    await leaveCompleteTorrent({ root: folder.path, files: [{ name: 'Film.mkv', bytes: film }] })
    await using app = await startTestApp({ TORRENT_DOWNLOAD_PATH: folder.path, CACHE_MAX_SIZE: '5GB' })
    const { body } = await apiOf(app.url).ask<{ torrents: object[] }>('GET', '/api/cache')
    expect(body).toMatchObject({ maxBytes: 5e9, minFreeBytes: 1e9, idleMs: 1_800_000, placed: [] })
    expect(body.torrents).toEqual(await apiOf(app.url).list())
  })

  test('the cache overview says in words what is evicted next', async () => {
    await using folder = await temporaryFolder()
    const idle = { lastReadAt: Date.now() - HOUR_MS / 4 }
    const old = await leaveCompleteTorrent({
      root: folder.path,
      files: [{ name: 'Old.mkv', bytes: film }],
      ...idle,
    })
    const kept = await leaveCompleteTorrent({
      root: folder.path,
      files: [{ name: 'Kept.mkv', bytes: film.subarray(MIB) }],
      ...idle,
      usage: { isPinned: true },
    })
    await using app = await startTestApp({ TORRENT_DOWNLOAD_PATH: folder.path })
    const { status, body } = await apiOf(app.url).ask('GET', '/api/cache/explain')
    expect(status).toBe(200)
    expect(body).toMatchObject({
      next: [
        {
          infoHash: old.infoHash,
          name: 'Old.mkv',
          why: expect.stringMatching(/never played.*idle in 15 min/),
        },
      ],
      kept: [{ infoHash: kept.infoHash, why: 'pinned' }],
    })
  })

  test('has no torrent that is not on disk, and the answer is not the one for players', async () => {
    const app = await emptyServer()
    const api = apiOf(app.url)
    for (const answer of [
      await api.get(UNKNOWN),
      await api.remove(UNKNOWN),
      await api.remove(UNKNOWN, '?data=false'),
      await api.pin(UNKNOWN),
      await api.unpin(UNKNOWN),
    ]) {
      expect(answer).toEqual({
        status: 404,
        body: { error: 'cache.unknown', message: `${UNKNOWN} is not on disk` },
      })
    }
    expect((await api.get('c0ffee')).status).toBe(400)
  })
})

describe('a pin', () => {
  test('survives clean-up, idle time, a restart and the loss of the index', async () => {
    await using folder = await temporaryFolder()
    const films = { pinned: film, other: film.subarray(MIB) }
    const settings = {
      TORRENT_DOWNLOAD_PATH: folder.path,
      TORRENT_CLEANUP_INTERVAL: '1500',
      TORRENT_CLEANUP_ON_SHUTDOWN: 'all',
    }
    const leave = (bytes: Buffer) =>
      leaveCompleteTorrent({ root: folder.path, files: [{ name: 'Film.mkv', bytes }] })
    const pinned = await leave(films.pinned)
    const other = await leave(films.other)
    {
      await using app = await startTestApp(settings)
      const api = apiOf(app.url)
      expect((await api.pin(pinned.infoHash)).body.isPinned).toBe(true)
      // Idle: the other film is removed.
      await expect
        .poll(async () => (await api.list()).map(({ infoHash }) => infoHash))
        .toEqual([pinned.infoHash])
      expect((await api.cleanUp()).body).toMatchObject({
        removed: 0,
        kept: [{ infoHash: pinned.infoHash, why: 'pinned' }],
      })
    }
    for (const suffix of ['', '-wal', '-shm'])
      await rm(join(folder.path, `self-streme.db${suffix}`), { force: true })
    await using app = await startTestApp(settings)
    const api = apiOf(app.url)
    expect(await api.list()).toMatchObject([{ infoHash: pinned.infoHash, isPinned: true, state: 'whole' }])
    expect((await readdir(folder.path)).includes(other.infoHash)).toBe(false)

    expect((await api.unpin(pinned.infoHash)).body.isPinned).toBe(false)
    await expect.poll(api.list).toEqual([])
  })

  test('keeps a film above the limits: others are evicted first, and then nothing', async () => {
    await using folder = await temporaryFolder()
    const old = { root: folder.path, lastReadAt: Date.now() - 1000 * HOUR_MS }
    const names = ['Pinned.mkv', 'One.mkv', 'Two.mkv']
    const [pinned] = await Promise.all(
      names.map((name, at) =>
        leaveCompleteTorrent({
          ...old,
          files: [{ name, bytes: patternBytes(3 * MIB, name) }],
          // The most valuable film goes last; the pinned one is worth least.
          usage: { plays: at, playsAt: Date.now(), isPinned: at === 0 },
        }),
      ),
    )
    await using app = await startTestApp({
      TORRENT_DOWNLOAD_PATH: folder.path,
      TORRENT_CLEANUP_INTERVAL: '0',
      CACHE_MAX_SIZE: '2MiB',
    })
    await expect
      .poll(async () => (await apiOf(app.url).list()).map(({ name }) => name))
      .toEqual(['Pinned.mkv'])
    await app.app.janitor.keepLimits()
    expect((await readFile(pinned?.paths[0] ?? '')).length).toBe(3 * MIB)
  })

  test('that does not fit is refused with the numbers', async () => {
    await using folder = await temporaryFolder()
    const leave = (bytes: Buffer) =>
      leaveCompleteTorrent({ root: folder.path, files: [{ name: 'Film.mkv', bytes }] })
    const first = await leave(film)
    const second = await leave(film.subarray(MIB))
    await using app = await startTestApp({
      TORRENT_DOWNLOAD_PATH: folder.path,
      CACHE_MAX_SIZE: '4MiB',
      CACHE_MIN_FREE: '0',
    })
    const api = apiOf(app.url)
    expect((await api.pin(first.infoHash)).status).toBe(200)
    const { status, body } = await api.pin(second.infoHash)
    expect(status).toBe(507)
    expect(body).toMatchObject({
      error: 'cache.no_room',
      neededBytes: 2 * MIB,
      missingBytes: 0,
      heldBytes: 3 * MIB,
      maxBytes: 4 * MIB,
      evictableBytes: 0,
      minFreeBytes: 0,
    })
    expect(body.message).toMatch(/CACHE_MAX_SIZE/)
    expect((await api.get(second.infoHash)).body.isPinned).toBe(false)
    await api.unpin(first.infoHash)
    expect((await api.pin(second.infoHash)).status).toBe(200)
  })

  test.for([
    ['CACHE_MAX_SIZE', { CACHE_MAX_SIZE: '8MiB' }],
    ['CACHE_MIN_FREE', { CACHE_MIN_FREE: '900TB' }],
  ] as const)('a torrent that does not fit into %s is not started', async ([, settings]) => {
    await using app = await startTestApp(settings)
    const api = apiOf(app.url)
    const { status, body } = await api.upload(torrentOf(9 * MIB))
    expect(status).toBe(507)
    expect(body).toMatchObject({
      error: 'cache.no_room',
      neededBytes: 9 * MIB,
      missingBytes: 9 * MIB,
      heldBytes: 0,
    })
    expect((await readdir(app.folder)).filter((name) => !name.includes('self-streme'))).toEqual([])
  })

  test('space promised to one torrent is not promised to another', async () => {
    await using app = await startTestApp({ CACHE_MAX_SIZE: '16MiB', CACHE_MIN_FREE: '0' })
    const api = apiOf(app.url)
    const files = [9, 8].map((size) => torrentOf(size * MIB))
    const [first, second] = await Promise.all(files.map((file) => api.upload(file)))
    expect([first?.status, second?.status]).toEqual([202, 507])
    expect(second?.body).toMatchObject({ neededBytes: 8 * MIB, heldBytes: 9 * MIB, maxBytes: 16 * MIB })
  })
})

describe('removing a torrent', () => {
  test('removes its film from the disk', async () => {
    await using folder = await temporaryFolder()
    const left = await leaveCompleteTorrent({
      root: folder.path,
      files: [{ name: 'Film.mkv', bytes: film }],
      usage: { isPinned: true },
    })
    await using app = await startTestApp({ TORRENT_DOWNLOAD_PATH: folder.path })
    const api = apiOf(app.url)
    expect(await api.remove(left.infoHash)).toEqual({
      status: 200,
      body: { removed: 1, freedBytes: expect.any(Number) },
    })
    await expect(access(left.directory)).rejects.toThrow()
    expect(await api.list()).toEqual([])
  })

  test('without its data leaves the film to the user, also after a restart', async () => {
    await using folder = await temporaryFolder()
    const left = await leaveCompleteTorrent({ root: folder.path, files: [{ name: 'Film.mkv', bytes: film }] })
    const settings = {
      TORRENT_DOWNLOAD_PATH: folder.path,
      TORRENT_CLEANUP_INTERVAL: '100',
      TORRENT_CLEANUP_ON_SHUTDOWN: 'all',
    }
    {
      await using app = await startTestApp({ ...settings, TORRENT_CLEANUP_INTERVAL: '0' })
      const api = apiOf(app.url)
      expect(await api.remove(left.infoHash, '?data=false')).toEqual({
        status: 200,
        body: { keptAt: left.directory },
      })
      expect(await api.list()).toEqual([])
      const url = `${app.url}/stream/proxy/${left.infoHash}`
      await expect.poll(async () => (await send(url)).body.equals(film)).toBe(true)
      expect((await api.ask('GET', '/api/cache')).body).toMatchObject({
        torrents: [],
        placed: [{ infoHashes: [left.infoHash], path: left.paths[0] }],
      })
    }
    await using app = await startTestApp(settings)
    expect((await send(`${app.url}/stream/proxy/${left.infoHash}`)).body.equals(film)).toBe(true)
    expect(await apiOf(app.url).list()).toEqual([])
    expect((await apiOf(app.url).cleanUp()).body).toEqual({ removed: 0, freedBytes: 0, kept: [] })
    expect(await readdir(left.directory)).toEqual(['Film.mkv'])
    expect((await readFile(left.paths[0] ?? '')).equals(film)).toBe(true)
  })

  test('without its data marks incomplete files, so that they are not taken for films', async () => {
    await using folder = await temporaryFolder()
    const left = await leaveCompleteTorrent({
      root: folder.path,
      files: [
        { name: 'One.mkv', bytes: film },
        { name: 'Two.mkv', bytes: longFilm },
      ],
    })
    const [one = '', two = ''] = left.paths
    const state = join(left.directory, '.self-streme', 'state.json')
    const { whole } = JSON.parse(await readFile(state, 'utf8')) as { whole: Record<string, object> }
    await writeFile(state, JSON.stringify({ whole: { 0: whole[0] } }))
    await writeFile(join(left.directory, '.self-streme', 'verified.bits'), Buffer.of(0xff, 0xff))
    await writeFile(`${two}.part`, 'mine')
    await using app = await startTestApp({ TORRENT_DOWNLOAD_PATH: folder.path })
    expect((await apiOf(app.url).remove(left.infoHash, '?data=false')).status).toBe(200)
    expect((await readdir(left.directory)).toSorted()).toEqual(['One.mkv', 'Two.mkv.part', 'Two.mkv.part.2'])
    expect((await readFile(one)).equals(film)).toBe(true)
    expect(await readFile(`${two}.part`, 'utf8')).toBe('mine')
  })

  test.for(['', '?data=false'])('is refused while a viewer watches it (%s)', async (query) => {
    await using folder = await temporaryFolder()
    const left = await leaveCompleteTorrent({
      root: folder.path,
      files: [{ name: 'Film.mkv', bytes: longFilm }],
    })
    await using app = await startTestApp({ TORRENT_DOWNLOAD_PATH: folder.path })
    const api = apiOf(app.url)
    const viewer = await openStream(`${app.url}/stream/proxy/${left.infoHash}`)
    await readBytes(viewer, MIB)
    expect((await api.get(left.infoHash)).body.isWatched).toBe(true)
    const refused = await api.remove(left.infoHash, query)
    expect([refused.status, refused.body.error]).toEqual([409, 'cache.in_use'])
    viewer.destroy()
    await expect.poll(async () => (await api.remove(left.infoHash, query)).status).toBe(200)
  })

  test('several times at once is done once, and the other requests are answered that it does not exist', async () => {
    await using folder = await temporaryFolder()
    const { infoHash } = await leaveCompleteTorrent({
      root: folder.path,
      files: [{ name: 'Film.mkv', bytes: film }],
    })
    await using app = await startTestApp({ TORRENT_DOWNLOAD_PATH: folder.path })
    const api = apiOf(app.url)
    const answers = await Promise.all(Array.from({ length: 5 }, () => api.remove(infoHash)))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 404, 404, 404, 404])
  })

  test('with an unclear parameter is refused', async () => {
    const app = await emptyServer()
    const { status, body } = await apiOf(app.url).remove(UNKNOWN, '?data=maybe')
    expect([status, body.message]).toEqual([400, '"data" must be true or false'])
  })

  test('that has nothing yet ends its search for good', async () => {
    await using folder = await temporaryFolder()
    const settings = { TORRENT_DOWNLOAD_PATH: folder.path }
    {
      await using app = await startTestApp(settings)
      const api = apiOf(app.url)
      await api.add({ infoHash: UNKNOWN })
      await expect.poll(async () => (await api.get(UNKNOWN)).body.state).toBe('looking')
      expect((await api.remove(UNKNOWN)).status).toBe(200)
    }
    await using app = await startTestApp(settings)
    expect(await apiOf(app.url).list()).toEqual([])
  })
})

describe("a torrent's own path", () => {
  test('is where it is stored, and where it stays', async () => {
    await using folder = await temporaryFolder()
    await using extra = await temporaryFolder()
    const settings = { TORRENT_DOWNLOAD_PATH: folder.path, TORRENT_EXTRA_PATHS: extra.path }
    const place = join(extra.path, 'films', UNKNOWN)
    {
      await using app = await startTestApp(settings)
      const api = apiOf(app.url)
      const { status, body } = await api.add({ infoHash: UNKNOWN, path: join(extra.path, 'films') })
      expect([status, body.directory]).toEqual([202, place])
      const elsewhere = await api.add({ infoHash: UNKNOWN, path: join(extra.path, 'series') })
      expect([elsewhere.status, elsewhere.body.error]).toEqual([409, 'cache.elsewhere'])
      expect((await api.add({ infoHash: UNKNOWN })).body.directory).toBe(place)
    }
    {
      await using app = await startTestApp(settings)
      const api = apiOf(app.url)
      expect(await api.list()).toMatchObject([{ infoHash: UNKNOWN, directory: place, isPinned: true }])
      await writeFile(join(place, 'mine.txt'), 'mine')
      expect((await api.remove(UNKNOWN, '?data=false')).body).toEqual({ keptAt: place })
    }
    await using app = await startTestApp(settings)
    expect(await apiOf(app.url).list()).toEqual([])
    expect(await readdir(place)).toEqual(['mine.txt'])
  })

  test('that cannot be made is not noted as its location', async () => {
    await using folder = await temporaryFolder()
    await using extra = await temporaryFolder()
    await using app = await startTestApp({
      TORRENT_DOWNLOAD_PATH: folder.path,
      TORRENT_EXTRA_PATHS: extra.path,
    })
    const api = apiOf(app.url)
    await writeFile(join(extra.path, 'films'), 'no folder')
    const { status, body } = await api.add({ infoHash: UNKNOWN, path: join(extra.path, 'films') })
    expect([status, body.error]).toEqual([400, 'torrent.bad_path'])
    expect(await readdir(folder.path)).not.toContain(UNKNOWN)
    expect((await api.add({ infoHash: UNKNOWN })).body.directory).toBe(join(folder.path, UNKNOWN))
  })

  test('outside the configured extra paths is refused, also through a link or a parent folder', async () => {
    await using extra = await temporaryFolder()
    await mkdir(join(extra.path, 'films'))
    await using app = await startTestApp({ TORRENT_EXTRA_PATHS: join(extra.path, 'films') })
    const { status, body } = await apiOf(app.url).add({
      infoHash: UNKNOWN,
      path: join(extra.path, 'films', '..'),
    })
    expect([status, body.error]).toEqual([400, 'torrent.bad_path'])
    expect(await readdir(app.folder)).not.toContain(UNKNOWN)
  })
})
