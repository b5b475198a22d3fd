import { mkdir, open, readdir, readlink, stat, unlink, utimes, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { InfoHash } from '../../src/domain/bittorrent/info-hash.ts'
import { leaveCompleteTorrent } from '../support/earlier-run.ts'
import { patternBytes } from '../support/pattern-bytes.ts'
import { type Answer, type SendOptions, send } from '../support/send.ts'
import { sharedApps } from '../support/shared-apps.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'

const MIB = 1024 * 1024
const HASH = 'abcdef0123456789abcdef0123456789abcdef01'
const BASE32_OF_HASH = 'VPG66AJDIVTYTK6N54ASGRLHRGV433YB'
/** no peers, so that only files on disk are served, and everything else is refused soon */
const NO_PEERS = { TORRENT_TIMEOUT: '300', TORRENT_MAX_RETRIES: '0' }
const NO_STREAM =
  '{"error":"Stream not found","message":"Unable to stream this content. P2P connectivity is unavailable and no cached version exists.","suggestion":"This content requires P2P connectivity or needs to be downloaded first."}'

const film = patternBytes(2 * MIB + 4_321)
const size = film.length
/** what a busy machine may add to a promised time */
const SLACK_MS = 10_000
const placedAt = new Date('2024-05-06T07:08:09.500Z')

describe('a file with the info hash in its name', () => {
  const resources = new AsyncDisposableStack()
  let app: TestApp
  let url: string

  beforeAll(async () => {
    app = resources.use(await startTestApp(NO_PEERS))
    await place(app, `My Film [${HASH.toUpperCase()}] 1080p.MKV`)
    url = `${app.url}/stream/proxy/${HASH}`
  })
  afterAll(() => resources.disposeAsync())

  const get = (headers: Record<string, string> = {}, options: SendOptions = {}) =>
    send(url, { headers, ...options })

  test('is sent completely, with all headers that a player needs', async () => {
    const answer = await get({ 'Accept-Encoding': 'gzip, deflate, br' })
    expect(answer.status).toBe(200)
    expect(answer.body.equals(film)).toBe(true)
    expect(answer.headers).toMatchObject({
      'content-type': 'video/x-matroska',
      'content-length': String(size),
      'accept-ranges': 'bytes',
      'last-modified': 'Mon, 06 May 2024 07:08:09 GMT',
      etag: expect.stringMatching(/^"[\x21\x23-\x7e]+"$/),
      'access-control-allow-origin': '*',
    })
    expect(answer.headers).not.toHaveProperty('transfer-encoding')
    expect(answer.headers).not.toHaveProperty('content-encoding')
    expect(answer.headers).not.toHaveProperty('content-range')
  })

  test('answers HEAD with the same headers and no body', async () => {
    const [head, whole] = await Promise.all([get({}, { method: 'HEAD' }), get()])
    expect(head.status).toBe(200)
    expect(head.body).toHaveLength(0)
    expect({ ...head.headers, date: '' }).toEqual({ ...whole.headers, date: '' })
  })

  test('answers HEAD with Range like GET, without the body', async () => {
    for (const range of ['bytes=5-9', 'bytes=-7', 'bytes=1000000-']) {
      const headers = { Range: range }
      const [head, part] = await Promise.all([get(headers, { method: 'HEAD' }), get(headers)])
      expect([head.status, part.status], range).toEqual([206, 206])
      expect({ ...head.headers, date: '' }).toEqual({ ...part.headers, date: '' })
      expect(head.body).toHaveLength(0)
    }
  })

  test('is served without the engine, and nothing is written', async () => {
    expect((await get()).status).toBe(200)
    expect(app.app.index.entries()).toEqual([])
    expect((await readdir(app.folder)).filter((name) => name.toLowerCase().startsWith(HASH))).toEqual([])
    expect((await stat(join(app.folder, `My Film [${HASH.toUpperCase()}] 1080p.MKV`))).mtime).toEqual(
      placedAt,
    )
  })

  test.for([
    ['bytes=0-0', 0, 0],
    ['bytes=0-1', 0, 1],
    ['BYTES=5-9', 5, 9],
    ['Bytes=5-5', 5, 5],
    ['bytes=1000000-', 1_000_000, size - 1],
    [`bytes=${size - 1}-`, size - 1, size - 1],
    ['bytes=0-', 0, size - 1],
    ['bytes=-1', size - 1, size - 1],
    ['bytes=-1000', size - 1000, size - 1],
    [`bytes=-${size}`, 0, size - 1],
    ['bytes=-99999999999', 0, size - 1],
    ['bytes=100-99999999999', 100, size - 1],
    [`bytes=${size - 10}-99999999999999999999999`, size - 10, size - 1],
    [`bytes=131071-131072`, 131_071, 131_072],
    ['bytes=1048000-2000000', 1_048_000, 2_000_000],
    ['bytes=000-001', 0, 1],
  ] as const)('answers %s with bytes %i to %i', async ([range, start, end]) => {
    const answer = await get({ Range: range })
    expect(answer.status).toBe(206)
    expect(answer.headers['content-range']).toBe(`bytes ${start}-${end}/${size}`)
    expect(answer.headers['content-length']).toBe(String(end - start + 1))
    expect(answer.headers['content-type']).toBe('video/x-matroska')
    expect(answer.headers).not.toHaveProperty('transfer-encoding')
    expect(answer.body.equals(film.subarray(start, end + 1))).toBe(true)
  })

  test.for(['bytes=-0', `bytes=${size}-`, `bytes=${size}-${size + 5}`, 'bytes=99999999999999999999999-'])(
    'answers %s with 416 and its size',
    async (range) => {
      for (const method of ['GET', 'HEAD']) {
        const answer = await get({ Range: range }, { method })
        expect(answer.status).toBe(416)
        expect(answer.headers['content-range']).toBe(`bytes */${size}`)
        expect(answer.body).toHaveLength(0)
      }
    },
  )

  test.for([
    'bytes=5-2',
    'bytes=a-b',
    'bytes=--5',
    'bytes=1-2-3',
    'bytes=',
    'bytes=-',
    'bytes',
    '',
    'items=0-5',
    'bytes=0-1,5-9',
    'bytes=0-1, -1',
    'bytes=0x0-0x5',
    'bytes=1.5-3',
    'bytes=+1-3',
    '0-5',
  ])('ignores the Range "%s" and sends everything', async (range) => {
    const answer = await get({ Range: range })
    expect(answer.status).toBe(200)
    expect(answer.headers['content-length']).toBe(String(size))
    expect(answer.headers).not.toHaveProperty('content-range')
    expect(answer.body.equals(film)).toBe(true)
  })

  test('answers 304 to a client that has it already', async () => {
    const { etag = '' } = (await get()).headers
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      for (const method of ['GET', 'HEAD']) {
        const answer = await get({ 'If-None-Match': known }, { method })
        expect(answer.status, known).toBe(304)
        expect(answer.headers.etag).toBe(etag)
        expect(answer.body).toHaveLength(0)
      }
    }
    expect((await get({ 'If-None-Match': etag, Range: 'bytes=0-1' })).status).toBe(304)
    expect((await get({ 'If-None-Match': '"other"' })).status).toBe(200)
    expect((await get({ 'If-None-Match': '"other"', Range: 'bytes=0-1' })).status).toBe(206)
  })

  test('answers 304 by its date, unless an entity tag differs', async () => {
    const after = 'Mon, 06 May 2024 07:08:09 GMT'
    const before = 'Mon, 06 May 2024 07:08:08 GMT'
    expect((await get({ 'If-Modified-Since': after })).status).toBe(304)
    expect((await get({ 'If-Modified-Since': before })).status).toBe(200)
    expect((await get({ 'If-Modified-Since': after, 'If-None-Match': '"other"' })).status).toBe(200)
  })

  test('is resumed only if it is unchanged', async () => {
    const { etag = '', 'last-modified': date = '' } = (await get()).headers
    const Range = 'bytes=100-199'
    for (const same of [etag, date]) {
      const answer = await get({ Range, 'If-Range': same })
      expect(answer.status, same).toBe(206)
      expect(answer.body.equals(film.subarray(100, 200))).toBe(true)
    }
    const stale = [
      '"other"',
      `W/${etag}`,
      'Mon, 06 May 2024 07:08:08 GMT',
      'Mon, 06 May 2024 07:08:10 GMT',
      'nonsense',
      '*',
    ]
    for (const other of stale) {
      const answer = await get({ Range, 'If-Range': other })
      expect(answer.status, other).toBe(200)
      expect(answer.body.length).toBe(size)
    }
    // A stale condition means "send everything", so an unsatisfiable range is ignored too.
    expect((await get({ Range: `bytes=${size}-`, 'If-Range': '"other"' })).status).toBe(200)
    expect((await get({ Range: `bytes=${size}-`, 'If-Range': etag })).status).toBe(416)
  })

  test('answers a preflight request', async () => {
    for (const path of ['', '/0', '/0/name.mkv']) {
      const { status, headers, body } = await send(url + path, {
        method: 'OPTIONS',
        headers: { Origin: 'https://web.stremio.com', 'Access-Control-Request-Headers': 'range' },
      })
      expect(status).toBe(204)
      expect(body).toHaveLength(0)
      expect(headers).toMatchObject({
        'access-control-allow-origin': '*',
        'access-control-allow-methods': 'GET, HEAD, OPTIONS',
        'access-control-allow-headers': 'Range, Content-Type, Authorization',
      })
    }
  })

  test('lets a page read the headers of every answer', async () => {
    const answers = [
      await get(),
      await get({ Range: 'bytes=0-1' }),
      await get({ Range: 'bytes=-0' }),
      await get({}, { method: 'HEAD' }),
      await send(`${app.url}/stream/proxy/none`),
    ]
    for (const { headers } of answers) {
      expect(headers['access-control-allow-origin']).toBe('*')
      const exposed = headers['access-control-expose-headers']?.split(', ')
      expect(exposed).toEqual(expect.arrayContaining(['Content-Range', 'Content-Length', 'Accept-Ranges']))
    }
  })

  test.for(['POST', 'PUT', 'DELETE', 'PATCH'])('refuses %s', async (method) => {
    const { status, headers } = await get({}, { method })
    expect(status).toBe(405)
    expect(headers.allow).toBe('GET, HEAD, OPTIONS')
  })

  test.for([
    `/${HASH.toUpperCase()}`,
    `/${BASE32_OF_HASH}`,
    `/${BASE32_OF_HASH.toLowerCase()}`,
    `/${HASH}/0`,
    `/${HASH}/17`,
    `/${HASH}/999999`,
    `/${HASH}/3/Any%20name%20at%20all.mp4`,
    `/${HASH}/0/a%2Fb%3F%23%25.mkv`,
    `/${HASH}/0/%E2%98%83.mkv`,
    `/${HASH}/0/film.json`,
    `/${HASH}/0/100%.mkv`,
    `/${HASH}/0/%E0%A4%A.mkv`,
    `/${HASH}/0/a/b.mkv`,
    `/${HASH}/`,
    `/${HASH}/0/`,
    `/${HASH}/0/manifest.json`,
    `/${HASH}/0/name.mkv?tr=http%3A%2F%2Ftracker.example%3A80%2Fannounce&tr=nonsense&season=1&episode=2`,
  ])('is served for %s', async (path) => {
    const answer = await send(`${app.url}/stream/proxy${path}`, { headers: { Range: 'bytes=7-9' } })
    expect(answer.status).toBe(206)
    expect(answer.body.equals(film.subarray(7, 10))).toBe(true)
    expect(answer.headers['content-type']).toBe('video/x-matroska')
  })

  test.for([
    `/${HASH}/first`,
    `/${HASH}/-1`,
    `/${HASH}/1.5`,
    `/${HASH}/0x1`,
    `/${HASH}/9999999999`,
    `/${HASH}/%200`,
    `/${HASH.slice(1)}`,
    `/${HASH}0`,
    `/${HASH.slice(1)}g`,
    `/${BASE32_OF_HASH.slice(1)}1`,
    '/nonsense',
    '/tt1254207.json',
    '/..%2F..%2Fetc%2Fpasswd',
    '/magnet:%3Fxt=urn:btih:abc',
  ])('is not served for %s, which gets 404', async (path) => {
    for (const method of ['GET', 'HEAD']) {
      const answer = await send(`${app.url}/stream/proxy${path}`, { method, headers: { Range: 'bytes=0-1' } })
      expect(answer.status).toBe(404)
      expect(answer.headers['content-type']).toContain('application/json')
      expect(answer.text).toBe(method === 'HEAD' ? '' : NO_STREAM)
    }
  })

  test('gets another entity tag when its content is replaced', async () => {
    await using own = await startTestApp(NO_PEERS)
    const name = `${HASH}.mp4`
    const tags = []
    for (const [bytes, at] of [
      [film, 0],
      [film, 1],
      [film.subarray(1), 1],
    ] as const) {
      await place(own, name, bytes, new Date(placedAt.getTime() + at))
      tags.push((await send(`${own.url}/stream/proxy/${HASH}`, { method: 'HEAD' })).headers.etag)
    }
    expect(new Set(tags).size).toBe(3)
  })
})

/** Servers without peers, for tests with info hashes of their own. */
const appWith = sharedApps()

test('each container has its content type', async () => {
  const app = await appWith(NO_PEERS)
  const types = {
    mp4: 'video/mp4',
    mkv: 'video/x-matroska',
    avi: 'video/x-msvideo',
    mov: 'video/quicktime',
    m4v: 'video/x-m4v',
    webm: 'video/webm',
    flv: 'video/x-flv',
    WebM: 'video/webm',
  }
  for (const [index, [extension, type]] of Object.entries(types).entries()) {
    const hash = String(index).repeat(40)
    await place(app, `${hash}.${extension}`)
    const answer = await send(`${app.url}/stream/proxy/${hash}/0/name.mkv`, { method: 'HEAD' })
    expect(answer.status, extension).toBe(200)
    expect(answer.headers['content-type']).toBe(type)
  }
})

test('of several placed files the one named in the URL is served, else the largest if no index is given', async () => {
  const app = await appWith(NO_PEERS)
  const hash = 'b'.repeat(40)
  const names = [`a ${hash}.mp4`, `b ${hash.toUpperCase()}.mkv`, `c & d? ${hash} ü.webm`]
  const lengths = [MIB, MIB + 2, MIB + 1]
  for (const [index, name] of names.entries()) await place(app, name, film.subarray(0, lengths[index]))
  await untilSeen(app, hash, names.length)
  const lengthOf = async (path: string) => {
    const { headers } = await send(`${app.url}/stream/proxy/${hash}${path}`, { method: 'HEAD' })
    return Number(headers['content-length'])
  }
  for (const [index, name] of names.entries()) {
    expect(await lengthOf(`/0/${encodeURIComponent(name)}`)).toBe(lengths[index])
    expect(await lengthOf(`/5/${encodeURIComponent(name)}`)).toBe(lengths[index])
  }
  for (const path of ['', '/main', '/main/other.mp4']) expect(await lengthOf(path), path).toBe(MIB + 2)
  for (const path of ['/0', '/1', '/0/other.mp4', `/0/${hash}.mp4`]) {
    expect((await send(`${app.url}/stream/proxy/${hash}${path}`, { method: 'HEAD' })).status, path).toBe(404)
  }
})

test('a placed episode does not answer for another episode of its torrent', async () => {
  const app = await appWith(NO_PEERS)
  const hash = '1f'.repeat(20)
  await place(app, `Show.S01E02.1080p ${hash}.mkv`)
  const statusOf = async (path: string) =>
    (await send(`${app.url}/stream/proxy/${hash}${path}`, { method: 'HEAD' })).status
  expect(await statusOf('/1/Show.S01E02.1080p.mkv')).toBe(200)
  expect(await statusOf('/0/Show.S01E01.1080p.mkv')).toBe(404)
  expect(await statusOf('/s1e1/Show.mkv')).toBe(404)
})

test('a placed file that was compared with its torrent answers only for its own index', async () => {
  await using folder = await temporaryFolder()
  const root = join(folder.path, 'downloads')
  const names = ['Show.S01E01.mkv', 'Show.S01E02.mkv']
  const files = names.map((name) => ({ name, bytes: patternBytes(2 * MIB, name) }))
  const { infoHash, paths } = await leaveCompleteTorrent({ root, files })
  for (const path of paths) await unlink(path)
  await using app = await startTestApp({ ...NO_PEERS, TORRENT_DOWNLOAD_PATH: root })
  await place({ ...app, folder: root }, `Any name ${infoHash}.mkv`, files[1]?.bytes)
  await expect.poll(() => app.app.placed.entries()).toMatchObject([{ verdict: 'verified' }])
  const get = (path: string) => send(`${app.url}/stream/proxy/${infoHash}${path}`)
  for (const path of ['/1', '/1/Show.S01E02.mkv', '/1/Show.S01E01.mkv'])
    expect((await get(path)).body.equals(files[1]?.bytes ?? Buffer.of()), path).toBe(true)
  for (const path of ['/0', '/0/Show.S01E01.mkv', '/0/Show.S01E02.mkv', '/2', '/9/Show.S01E02.mkv'])
    expect((await get(path)).status, path).toBe(404)
  const list = (fileIdx: number) =>
    app.app.placed.peek({ infoHash: infoHash as InfoHash, choice: { kind: 'file', fileIdx } })
  expect([list(0), list(1)?.size]).toEqual([undefined, 2 * MIB])
})

test('a name is found in any Unicode form, in the URL and on disk', async () => {
  const app = await appWith(NO_PEERS)
  const hash = 'c'.repeat(40)
  const name = `Amélie ${hash}.mkv`
  await place(app, name.normalize('NFD'), film.subarray(0, MIB))
  await place(app, `Largest ${hash}.mkv`)
  await untilSeen(app, hash, 2)
  for (const form of ['NFC', 'NFD']) {
    const path = encodeURIComponent(name.normalize(form))
    const { headers } = await send(`${app.url}/stream/proxy/${hash}/0/${path}`, { method: 'HEAD' })
    expect(headers['content-length'], form).toBe(String(MIB))
  }
})

test('a placed file of exactly 1 MiB is large enough', async () => {
  const app = await appWith(NO_PEERS)
  const hash = 'd'.repeat(40)
  await place(app, `${hash}.mp4`, film.subarray(0, MIB))
  expect((await send(`${app.url}/stream/proxy/${hash}`)).body.equals(film.subarray(0, MIB))).toBe(true)
})

describe('a placed file is answered 404', () => {
  test('when it is too small, not a video, not finished, or has another name', async () => {
    const app = await appWith(NO_PEERS)
    const hash = (digit: number) => `e${digit}`.repeat(20)
    await place(app, `${hash(0)}.mp4`, film.subarray(0, MIB - 1))
    await place(app, `${hash(1)}.txt`)
    await place(app, `Film ${hash(2)}`)
    await place(app, `${hash(3)}.mp4.part`)
    await place(app, `${hash(4)}.wmv`)
    await place(app, `${hash(5).slice(1)}.mp4`)
    await mkdir(join(app.folder, `${hash(6)}.mp4`))
    await place(app, `${HASH}.mp4`)
    await Promise.all(
      Array.from({ length: 7 }, (_, digit) => refuses(`${app.url}/stream/proxy/${hash(digit)}`)),
    )
  })

  test('when it cannot be told in time whether it is finished', async () => {
    await using app = await startTestApp(NO_PEERS)
    await writeFile(join(app.folder, `${HASH}.mp4`), film)
    await refuses(`${app.url}/stream/proxy/${HASH}`)
  })

  async function refuses(url: string): Promise<void> {
    const askedAt = Date.now()
    const answer = await send(url, { headers: { Range: 'bytes=0-1' } })
    expect(answer.status, url).toBe(404)
    expect(answer.text).toBe(NO_STREAM)
    expect(answer.headers['cache-control']).toBe('no-store')
    for (const header of ['etag', 'content-range', 'last-modified'])
      expect(answer.headers).not.toHaveProperty(header)
    expect(Date.now() - askedAt).toBeLessThan(1_300 + SLACK_MS)
  }
})

describe('a file that is being written', () => {
  /** long enough for the server to see whether the file still grows, on a busy machine too */
  const PATIENT = { ...NO_PEERS, TORRENT_TIMEOUT: '15000' }

  test('is served at the latest 2 s after its last write', async () => {
    await using app = await startTestApp(PATIENT)
    await writeFile(join(app.folder, `${HASH}.mp4`), film)
    const writtenAt = Date.now()
    const answer = await send(`${app.url}/stream/proxy/${HASH}`)
    expect(answer.status).toBe(200)
    expect(answer.body.equals(film)).toBe(true)
    expect(Date.now() - writtenAt).toBeLessThan(2_000 + SLACK_MS)
  })

  test('makes requests wait until it is finished', async () => {
    await using app = await startTestApp(PATIENT)
    await using file = await open(join(app.folder, `${HASH}.mp4`), 'w')
    await file.write(film.subarray(0, MIB + 1))
    const asked = send(`${app.url}/stream/proxy/${HASH}`)
    for (let at = MIB + 1; at < size; at += 400_000) {
      await sleep(250)
      await file.write(film.subarray(at, at + 400_000))
    }
    const writtenAt = Date.now()
    const answer = await asked
    expect(answer.status).toBe(200)
    expect(answer.body.equals(film)).toBe(true)
    expect(Date.now() - writtenAt).toBeLessThan(2_000 + SLACK_MS)
  })

  test('is never cut short: each client gets all of it', async () => {
    // Who asks before there is anything waits no longer than this.
    await using app = await startTestApp({ ...NO_PEERS, TORRENT_TIMEOUT: '1500' })
    const url = `${app.url}/stream/proxy/${HASH}`
    let isWritten = false
    let writtenAt = 0
    const ask = async () => {
      const answers: Answer[] = []
      while (!isWritten) answers.push(await send(url))
      return answers
    }
    const write = async () => {
      await using file = await open(join(app.folder, `${HASH}.mp4`), 'w')
      const steps = 8
      for (let step = 0; step < steps; step++) {
        const [from, to] = [step, step + 1].map((n) => Math.floor((n * size) / steps))
        await file.write(film.subarray(from, to))
        writtenAt = Date.now()
        await sleep(200)
      }
      isWritten = true
    }
    const [early] = await Promise.all([ask(), write()])
    for (const { status, body } of early) expect(status === 404 || body.equals(film)).toBe(true)
    await expect.poll(async () => (await send(url)).body.equals(film)).toBe(true)
    expect(Date.now() - writtenAt).toBeLessThan(2_000 + SLACK_MS)
  })
})

/** Waits for the watch of the folder: a request that finds one of several files does not wait for the others. */
async function untilSeen({ app }: TestApp, infoHash: string, count: number): Promise<void> {
  const seen = () =>
    app.placed.entries().filter(({ infoHashes }) => infoHashes.some((hash) => hash === infoHash))
  await expect.poll(() => seen().length, { interval: 10 }).toBe(count)
}

/** Puts a film into the download folder, dated `placedAt`. */
async function place(app: TestApp, name: string, bytes: Buffer = film, at = placedAt): Promise<void> {
  const path = join(app.folder, name)
  await writeFile(path, bytes)
  await utimes(path, at, at)
}

test('a file placed a moment ago is served, even with a timeout too short for peers', async () => {
  await using app = await startTestApp({ TORRENT_TIMEOUT: '1000', TORRENT_MAX_RETRIES: '0' })
  // There are 300 ms between when the file counts as finished and when the answer is due, and a busy machine may take
  // them: then another file is put there.
  let attempts = 0
  const bytesOfNewFile = async () => {
    const hash = `${10 + attempts++}`.repeat(20)
    await writeFile(join(app.folder, `${hash}.mp4`), film)
    const answer = await fetch(`${app.url}/stream/proxy/${hash}`)
    return answer.status === 200 ? (await answer.arrayBuffer()).byteLength : undefined
  }
  await expect.poll(bytesOfNewFile).toBe(film.length)
})

test('a client that requests many films on one connection gets them in order', async () => {
  await using app = await startTestApp()
  const hash = 'ad'.repeat(20)
  const path = join(app.folder, `${hash}.mp4`)
  await writeFile(path, patternBytes(8 * MIB))
  await utimes(path, placedAt, placedAt)
  const openHandles = async () => {
    const targets = (await readdir('/proc/self/fd')).map((fd) =>
      readlink(`/proc/self/fd/${fd}`).catch(() => ''),
    )
    return (await Promise.all(targets)).filter((target) => target === path).length
  }

  const socket = connect(app.app.port, '127.0.0.1').pause()
  socket.write(`GET /stream/proxy/${hash} HTTP/1.1\r\nHost: films\r\n\r\n`.repeat(40))
  await expect.poll(openHandles).toBe(1)
  // The others have arrived by now: a request on another connection was sent after them.
  expect((await fetch(`${app.url}/stream/proxy/${hash}`, { headers: { Range: 'bytes=0-1' } })).status).toBe(
    206,
  )
  await expect.poll(openHandles).toBe(1)
  socket.destroy()
  // It stays open for a moment, for the next reader.
  await expect.poll(openHandles).toBe(0)
})
