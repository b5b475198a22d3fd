import { mkdir, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type LeftFolder, leaveCompleteTorrent } from '../support/earlier-run.ts'
import { patternBytes } from '../support/pattern-bytes.ts'
import { send } from '../support/send.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'

const MIB = 1024 * 1024
/** no peers, so that only files on disk are served */
const NO_PEERS = { TORRENT_TIMEOUT: '300', TORRENT_MAX_RETRIES: '0' }
const PACK = [
  { name: 'Show.S01E01.mkv', bytes: patternBytes(2 * MIB, 'one') },
  { name: 'Show.S01.nfo', bytes: Buffer.from('hello') },
  { name: 'Show.S01E02.mkv', bytes: patternBytes(MIB + 5, 'two') },
  { name: 'Show.S01E03.mkv', bytes: patternBytes(3 * MIB, 'three') },
]
const [, , SECOND] = PACK

describe('a link to an episode of a pack on disk', () => {
  const resources = new AsyncDisposableStack()
  let app: TestApp
  let left: LeftFolder
  let url: string

  beforeAll(async () => {
    const folder = resources.use(await temporaryFolder())
    left = await leaveCompleteTorrent({ root: folder.path, files: PACK })
    app = resources.use(await startTestApp({ ...NO_PEERS, TORRENT_DOWNLOAD_PATH: folder.path }))
    url = `${app.url}/stream/proxy/${left.infoHash}`
  })
  afterAll(() => resources.disposeAsync())

  test.for([
    '?season=1&episode=2',
    '?tr=udp%3A%2F%2Fa.org%3A1&episode=2&season=1',
    '?season=01&episode=02',
    '?episode=2',
  ])('gives exactly that episode (%s), without asking a source', async (query) => {
    const answer = await send(url + query)
    expect(answer.status).toBe(200)
    expect(answer.body.equals(SECOND?.bytes as Buffer)).toBe(true)
    const etag = `"${left.infoHash}-2"`
    expect(answer.headers).toMatchObject({ etag, 'accept-ranges': 'bytes' })
    const part = await send(url + query, { headers: { Range: 'bytes=7-9' } })
    expect([part.status, part.body]).toEqual([206, SECOND?.bytes.subarray(7, 10)])
    expect((await send(url + query, { headers: { 'If-None-Match': etag } })).status).toBe(304)
  })

  test.for([
    '/s1e2/Show.S01.mkv',
    '/S01E02',
    '/e2/x.mkv',
    '/s1e2/x.mkv?tr',
    '/s1e2/x.mkv?tr=udp%3A%2F%2Fa.org%3A1',
  ])('works with the episode in its path (%s), also when a player cut off the rest', async (path) => {
    const etag = `"${left.infoHash}-2"`
    const answer = await send(url + path)
    expect(answer.status).toBe(200)
    expect(answer.body.equals(SECOND?.bytes as Buffer)).toBe(true)
    const head = await send(url + path, { method: 'HEAD' })
    expect(head.headers).toEqual({ ...answer.headers, date: head.headers.date })
    const part = await send(url + path, { headers: { Range: 'bytes=7-9' } })
    expect([part.status, part.body, part.headers.etag]).toEqual([206, SECOND?.bytes.subarray(7, 10), etag])
    expect((await send(url + path, { headers: { 'If-None-Match': etag } })).status).toBe(304)
  })

  test.for([
    '?tr',
    '?tr=',
    '?tr=udp%3A%2F%2Fa.org%3A1',
    '?private',
    '?season',
    '?season=1',
    '?season=1&episode',
  ])('of an earlier version that was cut (%s) plays no other episode', async (query) => {
    for (const method of ['GET', 'HEAD']) expect((await send(url + query, { method })).status).toBe(404)
    expect((await send(url + query)).json).toMatchObject({ reason: expect.any(String) })
  })

  test('that asks for the largest video gets it', async () => {
    for (const path of ['/main/x.mkv?tr', '/main', ''])
      expect((await send(url + path)).headers.etag, path).toBe(`"${left.infoHash}-3"`)
  })

  test('means the file index in its path, if there is one', async () => {
    for (const query of ['?season=1&episode=2', '?season=x&episode=y']) {
      const answer = await send(`${url}/0/Show.mkv${query}`)
      expect(answer.headers.etag, query).toBe(`"${left.infoHash}-0"`)
    }
  })

  test.for([
    ['?season=1&episode=9', 'none of 3 videos is S01E09'],
    ['?season=2&episode=1', 'none of 3 videos is S02E01'],
    ['?season=1', 'season given without episode'],
    ['?season=1&episode=', '"" is not a valid episode number'],
    ['?season=1&episode=two', '"two" is not a valid episode number'],
    ['?season=-1&episode=2', '"-1" is not a valid season number'],
    ['?season=1&episode=1e3', '"1e3" is not a valid episode number'],
    ['?season=1&episode=99999999999999999999', 'is not a valid episode number'],
  ] as const)('is refused with a reason when there is no such episode: %s', async ([query, reason]) => {
    const answer = await send(url + query)
    expect(answer.status).toBe(404)
    expect(answer.json).toEqual({
      error: 'Stream not found',
      message: expect.any(String),
      suggestion: expect.any(String),
      reason: expect.stringContaining(reason),
    })
  })
})

describe('a link to an episode of placed files', () => {
  const HASH = '39730aa7c09b864432bc8c878c20c933059241fd'

  test('gives the file of that episode, and never the largest instead', async () => {
    await using app = await startTestApp(NO_PEERS)
    await place(app, `Show [${HASH}]`, PACK)
    const url = `${app.url}/stream/proxy/${HASH}`
    // The system may report the folder a moment later.
    await expect.poll(() => app.app.placed.entries().length).toBe(3)
    expect((await send(url)).body.length).toBe(3 * MIB)
    const second = await send(`${url}?season=1&episode=2`)
    expect([second.status, second.body.length]).toEqual([200, SECOND?.bytes.length])
    expect((await send(`${url}/s1e2/Show.mkv?tr`)).body.length).toBe(SECOND?.bytes.length)
    for (const none of ['?season=1&episode=4', '/s1e4/Show.mkv', '?tr', '?tr=udp%3A%2F%2Fa.org%3A1'])
      expect((await send(url + none)).status, none).toBe(404)
    expect((await send(`${url}/main/Show.S01E01.mkv`)).body.length).toBe(2 * MIB)
  })

  test('ignores the info hash in file names', async () => {
    await using app = await startTestApp(NO_PEERS)
    const files = [1, 2, 3].map((n) => ({ name: `${HASH} 0${n}.mkv`, bytes: patternBytes(MIB + n, `${n}`) }))
    await place(app, '.', files)
    const url = `${app.url}/stream/proxy/${HASH}`
    // The system may report all three a moment later.
    await expect.poll(() => app.app.placed.entries().length).toBe(3)
    expect((await send(`${url}?episode=2`)).body.length).toBe(MIB + 2)
    expect((await send(`${url}?episode=39`)).status).toBe(404)
  })
})

/** Puts files there that look finished long ago. */
async function place(app: TestApp, folder: string, files: typeof PACK): Promise<void> {
  await mkdir(join(app.folder, folder), { recursive: true })
  for (const { name, bytes } of files) {
    const path = join(app.folder, folder, name)
    await writeFile(path, bytes)
    await utimes(path, 1_000_000, 1_000_000)
  }
}
