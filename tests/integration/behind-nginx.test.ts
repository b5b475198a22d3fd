import { mkdir, rename, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type LeftFolder, leaveCompleteTorrent } from '../support/earlier-run.ts'
import { hasNginx, type Nginx, startNginx } from '../support/nginx.ts'
import { expectSameBytes, patternBytes } from '../support/pattern-bytes.ts'
import { send } from '../support/send.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'

const MIB = 1024 * 1024
const SETTINGS = {
  TRUST_PROXY: 'loopback',
  ACCEL_PREFIX: '/_media',
  TORRENT_TIMEOUT: '300',
  TORRENT_MAX_RETRIES: '0',
}
const OFFER = { 'X-Accel-Prefix': '/_media' }
const film = patternBytes(3 * MIB + 123)
const size = film.length
const placedAt = new Date('2024-05-06T07:08:09.500Z')
const hashOf = (digit: number) => String(digit).repeat(40)
/** names that users and torrents choose */
const ODD_NAMES = [
  'Film with blanks.mkv',
  '100% – it’s “quoted” \'so\' "or so".mkv',
  'a+b & c?d#e=f;g.mkv',
  '%2e%2e%2fetc.mkv',
  'Amélie 日本 🎬.mkv',
  'two\nlines\r\nX-Header: 1.mkv',
  'back\\slash {x} $upstream_http_etag.mkv',
  '..mkv',
]

describe.skipIf(!hasNginx)('behind nginx', () => {
  const resources = new AsyncDisposableStack()
  let app: TestApp
  let nginx: Nginx
  let left: LeftFolder
  let torrentPath: string

  beforeAll(async () => {
    const { path: folder } = resources.use(await temporaryFolder())
    left = await leaveCompleteTorrent({ root: folder, files: [{ name: 'Film 100%.mkv', bytes: film }] })
    torrentPath = `/stream/proxy/${left.infoHash}/0/Film.mkv`
    app = resources.use(await startTestApp({ ...SETTINGS, TORRENT_DOWNLOAD_PATH: folder }))
    await place(`${hashOf(1)}.mp4`)
    nginx = resources.use(await startNginx(app.url, app.folder))
  })
  afterAll(() => resources.disposeAsync())

  const kinds = [
    ['a film that was fetched', () => torrentPath],
    ['a placed file', () => `/stream/proxy/${hashOf(1)}`],
  ] as const

  test.for(kinds)('%s is sent by nginx itself', async ([, path]) => {
    const told = await send(app.url + path(), { headers: OFFER })
    expect(told.headers['x-accel-redirect']).toMatch(/^\/_media\/./)
    expect(told.body).toHaveLength(0)
    const seen = await send(nginx.url + path())
    expect(seen.headers).not.toHaveProperty('x-accel-redirect')
    expect(seen.status).toBe(200)
    expectSameBytes(seen.body, film)
  })

  test.for(kinds)('%s has the same headers as without nginx', async ([, path]) => {
    for (const headers of [{}, { Range: 'bytes=5-9' }, { Range: 'bytes=-7' }]) {
      for (const method of ['GET', 'HEAD']) {
        const [direct, proxied] = await Promise.all([
          send(app.url + path(), { method, headers }),
          send(nginx.url + path(), { method, headers }),
        ])
        expect(proxied.status).toBe(direct.status)
        expect(ownHeaders(proxied.headers)).toEqual(ownHeaders(direct.headers))
        expect(proxied.body.equals(direct.body)).toBe(true)
      }
    }
  })

  test.for([
    ['bytes=0-0', 0, 0],
    ['bytes=0-1', 0, 1],
    ['BYTES=5-9', 5, 9],
    ['bytes=0-', 0, size - 1],
    [`bytes=${size - 1}-`, size - 1, size - 1],
    ['bytes=-1000', size - 1000, size - 1],
    ['bytes=-99999999999', 0, size - 1],
    ['bytes=100-99999999999', 100, size - 1],
    [`bytes=${size - 10}-99999999999999999999999`, size - 10, size - 1],
    ['bytes=1048000-2000000', 1_048_000, 2_000_000],
  ] as const)('the range %s is answered with bytes %i to %i', async ([range, start, end]) => {
    const answer = await send(nginx.url + torrentPath, { headers: { Range: range } })
    expect(answer.status).toBe(206)
    expect(answer.headers['content-range']).toBe(`bytes ${start}-${end}/${size}`)
    expectSameBytes(answer.body, film.subarray(start, end + 1))
  })

  test.for(['bytes=5-2', 'bytes=0-1,5-6', 'bytes=a-b', 'pieces=0-1', 'bytes=-'])(
    'the range %s is ignored, and the complete file is sent',
    async (range) => {
      const answer = await send(nginx.url + torrentPath, { headers: { Range: range } })
      expect(answer.status).toBe(200)
      expectSameBytes(answer.body, film)
    },
  )

  test.for([`bytes=${size}-`, 'bytes=-0'])(
    'the range %s is answered with 416 and the size',
    async (range) => {
      for (const method of ['GET', 'HEAD']) {
        const answer = await send(nginx.url + torrentPath, { method, headers: { Range: range } })
        expect([answer.status, answer.headers['content-range']]).toEqual([416, `bytes */${size}`])
      }
    },
  )

  test('a client that has the file already gets 304, by tag or by date', async () => {
    const { etag = '', 'last-modified': date = '' } = (await send(nginx.url + kinds[1][1]())).headers
    for (const condition of [{ 'If-None-Match': etag }, { 'If-Modified-Since': date }]) {
      const answer = await send(nginx.url + kinds[1][1](), { headers: condition })
      expect([answer.status, answer.body.length]).toEqual([304, 0])
    }
    const conditions = [
      { 'If-None-Match': '"other"' },
      { 'If-None-Match': '"other"', 'If-Modified-Since': date },
      { 'If-None-Match': etag, 'Cache-Control': 'no-cache' },
      { 'If-Match': etag },
    ]
    for (const condition of conditions) {
      const answer = await send(nginx.url + kinds[1][1](), { headers: condition })
      expect([answer.status, answer.body.length], JSON.stringify(condition)).toEqual([200, size])
    }
  })

  test.for(kinds)('%s is resumed only if it is unchanged', async ([, path]) => {
    const { etag = '', 'last-modified': date } = (await send(nginx.url + path())).headers
    const ask = async (condition: string) => {
      const headers = { Range: 'bytes=100-199', 'If-Range': condition }
      const { status, body } = await send(nginx.url + path(), { headers })
      expectSameBytes(body, status === 206 ? film.subarray(100, 200) : film)
      return status
    }
    for (const same of [etag, date]) if (same !== undefined) expect(await ask(same), same).toBe(206)
    const fileDate = (await stat(left.paths[0] ?? '')).mtime.toUTCString()
    for (const other of ['"other"', `W/${etag}`, 'Mon, 06 May 2024 07:08:08 GMT', fileDate, 'nonsense', '*'])
      expect(await ask(other), other).toBe(200)
  })

  test.for(ODD_NAMES.map((name, index) => [name, index + 2] as const))(
    'a placed file named %j is found',
    async ([name, digit]) => {
      const hash = hashOf(digit)
      await place(`${hash} ${name}`)
      const told = await send(`${app.url}/stream/proxy/${hash}`, { headers: OFFER })
      expect(told.headers['x-accel-redirect']).toMatch(/^\/_media\/[\w%.!~*'()-]+$/)
      expect(told.headers).not.toHaveProperty('x-header')
      expectSameBytes((await send(`${nginx.url}/stream/proxy/${hash}`)).body, film)
    },
  )

  test('a placed file in a subfolder is found', async () => {
    const hash = `${'0'.repeat(39)}f`
    await place('Film.mkv', join(app.folder, 'Films & more', `100% ${hash}`))
    const told = await send(`${app.url}/stream/proxy/${hash}`, { headers: OFFER })
    expect(told.headers['x-accel-redirect']).toBe(`/_media/Films%20%26%20more/100%25%20${hash}/Film.mkv`)
    expectSameBytes((await send(`${nginx.url}/stream/proxy/${hash}`)).body, film)
  })

  test('a file linked from outside the folder is sent by the app', async () => {
    await using elsewhere = await temporaryFolder()
    const hash = 'ab'.repeat(20)
    await writeFile(join(elsewhere.path, 'Film.mkv'), film)
    await utimes(join(elsewhere.path, 'Film.mkv'), placedAt, placedAt)
    await symlink(join(elsewhere.path, 'Film.mkv'), join(app.folder, `${hash}.mkv`))
    const told = await send(`${app.url}/stream/proxy/${hash}`, { headers: OFFER })
    expect(told.headers).not.toHaveProperty('x-accel-redirect')
    expectSameBytes(told.body, film)
    expectSameBytes((await send(`${nginx.url}/stream/proxy/${hash}`)).body, film)
  })

  test('the folder can only be reached through the app', async () => {
    const name = `/_media/${hashOf(1)}.mp4`
    const escapes = ['/_media/../nginx.conf', '/_media/%2e%2e/nginx.conf', '/_media../nginx.conf']
    for (const path of [name, '/_media/', `/_media/${left.infoHash}/.self-streme/state.json`, ...escapes]) {
      const { status, body } = await send(nginx.url + path, { headers: OFFER })
      expect(status, path).toBeGreaterThanOrEqual(400)
      expect(body.length, path).toBeLessThan(1000)
    }
  })

  test('names in the URL do not decide which file is sent', async () => {
    for (const name of ['..%2F..%2Fetc%2Fpasswd', '../../etc/passwd', '%2Fetc%2Fpasswd']) {
      const { status, body } = await send(`${nginx.url}/stream/proxy/${left.infoHash}/0/${name}`)
      if (status === 200) expectSameBytes(body, film)
      else expect([400, 404]).toContain(status)
    }
  })

  test('a client that asks the app directly gets the bytes, whatever it offers', async () => {
    await using direct = await startTestApp({ ...SETTINGS, TRUST_PROXY: '10.9.9.9' })
    await place(`${hashOf(1)}.mp4`, direct.folder)
    for (const [url, headers] of [
      [app.url, {}],
      [app.url, { 'X-Accel-Prefix': '/other' }],
      [direct.url, OFFER],
    ] as const) {
      const answer = await send(`${url}/stream/proxy/${hashOf(1)}`, { headers })
      expect(answer.headers).not.toHaveProperty('x-accel-redirect')
      expectSameBytes(answer.body, film)
    }
  })

  test('a client cannot impersonate nginx', async () => {
    const headers = { 'X-Accel-Prefix': '/other', 'X-Accel-Redirect': '/_media/x' }
    expectSameBytes((await send(nginx.url + torrentPath, { headers })).body, film)
  })

  test('the guards check the client of nginx', async () => {
    const fromOutside = { 'X-Forwarded-For': '8.8.8.8' }
    // nginx appends the address it sees to the header it got, so this test has to send the header itself.
    const refused = await send(app.url + torrentPath, { headers: { ...fromOutside, ...OFFER } })
    expect(refused.status).toBe(403)
    expect(refused.headers).not.toHaveProperty('x-accel-redirect')
    await using strict = await startTestApp({ ...SETTINGS, TRUST_PROXY: '10.9.9.9' })
    await using front = await startNginx(strict.url, strict.folder)
    expect((await send(`${front.url}/stream/proxy/${hashOf(1)}`, { headers: fromOutside })).status).toBe(403)
  })

  test('a film sent by nginx counts as read, and is not removed as idle', async () => {
    const before = Date.now()
    await send(nginx.url + torrentPath, { headers: { Range: 'bytes=0-1' } })
    const [entry] = app.app.index.entries()
    expect(entry?.usage.lastReadAt).toBeGreaterThanOrEqual(before)
  })

  test('a film that was changed on disk is not handed to nginx', async () => {
    await using folder = await temporaryFolder()
    const changed = await leaveCompleteTorrent({
      root: folder.path,
      files: [{ name: 'Film.mkv', bytes: film }],
    })
    await using own = await startTestApp({ ...SETTINGS, TORRENT_DOWNLOAD_PATH: folder.path })
    await using front = await startNginx(own.url, own.folder)
    const path = `/stream/proxy/${changed.infoHash}`
    expect((await send(front.url + path)).status).toBe(200)
    const other = join(folder.path, 'other')
    await writeFile(other, patternBytes(size, 'other'))
    await rename(other, changed.paths[0] ?? '')
    const told = await send(own.url + path, { headers: OFFER })
    expect(told.headers).not.toHaveProperty('x-accel-redirect')
    expect((await send(front.url + path)).status).toBe(404)
  })

  async function place(name: string, folder = app.folder): Promise<void> {
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, name), film)
    await utimes(join(folder, name), placedAt, placedAt)
  }
})

/** Headers about the film, not the connection; in 206 answers nginx leaves out `Accept-Ranges`. */
function ownHeaders(headers: Readonly<Record<string, string | undefined>>) {
  const names = ['server', 'date', 'connection', 'keep-alive']
  if (headers['content-range'] !== undefined) names.push('accept-ranges')
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)))
}
