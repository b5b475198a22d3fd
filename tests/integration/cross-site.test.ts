import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { patternBytes } from '../support/pattern-bytes.ts'
import { send } from '../support/send.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'

const HASH = 'a'.repeat(40)
const BUNNY = '/stream/movie/tt1254207.json'
const VIDEO = `/stream/proxy/${HASH}`
const LISTS = [
  '/manifest.json',
  '/proxy/manifest.json',
  BUNNY,
  `/both${BUNNY}`,
  '/stream/movie/tt0.json',
  '/catalog/movie/selfstreme-films.json',
  '/catalog/movie/selfstreme-films/search=sintel.json',
  '/meta/movie/tt1254207.json',
  '/meta/movie/tt0.json',
]
const STREMIO = [
  'https://web.stremio.com',
  'https://web.strem.io',
  'https://app.strem.io',
  'https://staging.strem.io',
  'http://127.0.0.1:11470',
  'http://localhost:11470',
]
const STRANGERS = [
  'https://evil.example',
  'http://web.stremio.com',
  'https://web.stremio.com.evil.example',
  'https://evil.example/https://web.stremio.com',
  'https://web.stremio.com:8443',
  'http://127.0.0.1:11471',
  'http://localhost:3000',
  'null',
  'file://',
  '*',
  '',
]
const EVIL = { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' }
/** Every destination of the Fetch standard. */
const DESTINATIONS = [
  ...[
    'audio',
    'audioworklet',
    'document',
    'embed',
    'empty',
    'fencedframe',
    'font',
    'frame',
    'iframe',
    'image',
    'json',
  ],
  ...[
    'manifest',
    'object',
    'paintworklet',
    'report',
    'script',
    'serviceworker',
    'sharedworker',
    'style',
    'track',
  ],
  ...['video', 'webidentity', 'worker', 'xslt'],
]
const PLAYS = ['video', 'audio', 'empty', 'document', 'track']

const resources = new AsyncDisposableStack()
let app: TestApp
let url: string

beforeAll(async () => {
  const { path } = resources.use(await temporaryFolder())
  await writeFile(join(path, `${HASH}.mkv`), patternBytes(1024 * 1024))
  app = resources.use(
    await startTestApp({ TORRENT_DOWNLOAD_PATH: path, CORS_ORIGINS: 'https://player.example.org' }),
  )
  url = app.url
})
afterAll(() => resources.disposeAsync())

describe('reading of lists by web pages', () => {
  test.for(LISTS)("is allowed to Stremio's own sites and those in CORS_ORIGINS: %s", async (path) => {
    for (const Origin of [...STREMIO, 'https://player.example.org'])
      for (const method of ['GET', 'HEAD', 'OPTIONS']) {
        const headers = {
          Origin,
          'Sec-Fetch-Site': 'cross-site',
          'Sec-Fetch-Mode': 'cors',
          'Sec-Fetch-Dest': 'empty',
        }
        const answer = await send(url + path, { method, headers })
        expect([200, 204, 404], `${method} ${Origin}`).toContain(answer.status)
        expect(answer.headers['access-control-allow-origin']).toBe(Origin)
        expect(answer.headers.vary).toMatch(/^Origin(,|$)/)
        if (method === 'OPTIONS')
          expect(answer.headers['access-control-allow-methods']).toBe('GET, HEAD, OPTIONS')
      }
  })

  test.for(LISTS)('is refused to all other sites: %s', async (path) => {
    for (const Origin of STRANGERS)
      for (const method of ['GET', 'HEAD', 'OPTIONS']) {
        const { headers } = await send(url + path, { method, headers: { Origin } })
        expect(headers, `${method} ${Origin}`).not.toHaveProperty('access-control-allow-origin')
        expect(headers.vary).toMatch(/^Origin(,|$)/)
      }
  })

  test.for(LISTS)('does not concern apps, which send no Origin: %s', async (path) => {
    const { status, headers } = await send(url + path)
    expect([200, 404]).toContain(status)
    expect(headers).not.toHaveProperty('access-control-allow-origin')
    expect(headers.vary).toMatch(/^Origin(,|$)/)
  })

  test('includes refusals for the allowed sites', async () => {
    const Origin = 'https://web.stremio.com'
    for (const [path, status, options] of [
      ['/stream/movie/%E0%A4%A.json', 400, {}],
      ['/manifest.json', 405, { method: 'POST' }],
      ['/nowhere', 404, {}],
      [BUNNY, 403, { headers: { 'X-Forwarded-For': '192.168.1.20' } }],
    ] as const) {
      const headers = { Origin, ...('headers' in options ? options.headers : {}) }
      const answer = await send(url + path, { ...options, headers })
      expect(answer.status, path).toBe(status)
      expect(answer.headers['access-control-allow-origin'], path).toBe(Origin)
    }
  })
})

test('CORS_ORIGINS=* lets pages of every site read lists', async () => {
  await using open = await startTestApp({ CORS_ORIGINS: '*' })
  for (const path of LISTS) {
    const headers = { ...EVIL, 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Dest': 'empty' }
    const answer = await send(open.url + path, { headers })
    expect([200, 404], path).toContain(answer.status)
    expect(answer.headers['access-control-allow-origin']).toBe('*')
    const owners = await send(`${open.url}/api/torrents`, { headers })
    expect(owners.headers).not.toHaveProperty('access-control-allow-origin')
  }
})

describe('loading of lists by pages of other sites', () => {
  test.for(LISTS)('is refused where it would start work: %s', async (path) => {
    for (const method of ['GET', 'HEAD'])
      for (const headers of [
        ...DESTINATIONS.filter((dest) => dest !== 'document' && dest !== 'empty').map((dest) => ({
          'Sec-Fetch-Site': 'cross-site',
          'Sec-Fetch-Dest': dest,
        })),
        { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'empty' },
        { 'Sec-Fetch-Site': 'same-site', 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'empty' },
        { ...EVIL, 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Dest': 'empty' },
        { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Dest': 'document', 'Sec-Purpose': 'prefetch;prerender' },
        { Accept: 'image/avif,image/webp,*/*;q=0.8' },
        { Accept: 'text/css,*/*;q=0.1' },
      ]) {
        const answer = await send(url + path, { method, headers: headers as Record<string, string> })
        expect(answer.status, `${method} ${JSON.stringify(headers)}`).toBe(403)
      }
  })

  test.for(LISTS)('is allowed in all other cases: %s', async (path) => {
    for (const headers of [
      { 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Mode': 'no-cors', 'Sec-Fetch-Dest': 'image' },
      { 'Sec-Fetch-Site': 'none', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' },
      { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' },
      { 'Sec-Fetch-Mode': 'cors' },
      { Origin: 'https://evil.example' },
      { Origin: 'null', 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'cors', 'Sec-Fetch-Dest': 'empty' },
      { Accept: '*/*' },
      { Accept: 'text/html,application/xhtml+xml,image/avif,*/*;q=0.8' },
    ])
      expect([200, 404], JSON.stringify(headers)).toContain(
        (await send(url + path, { headers: headers as Record<string, string> })).status,
      )
  })
})

describe('videos', () => {
  const FORMS = [VIDEO, `${VIDEO}/0/Film.mkv`, VIDEO.replace('stream', 'STREAM')]

  test('are open to players on every site', async () => {
    for (const path of FORMS)
      for (const Origin of [...STREMIO, ...STRANGERS])
        for (const method of ['GET', 'HEAD', 'OPTIONS']) {
          const headers = { Origin, Range: 'bytes=0-1' }
          const answer = await send(url + path, { method, headers })
          expect([206, 204], `${method} ${path} ${Origin}`).toContain(answer.status)
          expect(answer.headers['access-control-allow-origin']).toBe('*')
        }
  })

  test.for(DESTINATIONS)('are sent to another site as "%s" only if that plays', async (destination) => {
    for (const path of FORMS)
      for (const site of ['cross-site', 'same-site'])
        for (const method of ['GET', 'HEAD']) {
          const headers = { 'Sec-Fetch-Site': site, 'Sec-Fetch-Dest': destination }
          const { status } = await send(url + path, { method, headers })
          expect(status, `${method} ${path} ${site}`).toBe(PLAYS.includes(destination) ? 200 : 403)
        }
  })

  test('are not sent as pictures, nor prefetched before a link is followed', async () => {
    for (const path of FORMS)
      for (const headers of [
        { Accept: 'image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5' },
        { Accept: 'text/css,*/*;q=0.1' },
        { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Dest': 'document', 'Sec-Purpose': 'prefetch' },
      ])
        expect((await send(url + path, { headers: headers as Record<string, string> })).status).toBe(403)
  })

  test('are sent to clients that send no such headers, or that play', async () => {
    const players: Record<string, string>[] = [
      {},
      { Accept: '*/*' },
      { Accept: 'video/webm,video/ogg,video/*;q=0.9,*/*;q=0.5' },
      { 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Dest': 'image' },
      { 'Sec-Fetch-Site': 'none', 'Sec-Fetch-Dest': 'document' },
      { 'Sec-Fetch-Site': 'cross-site' },
    ]
    for (const headers of players) expect((await send(url + VIDEO, { headers })).status).toBe(200)
  })

  test("that are unknown are not searched for a request that is not a player's", async () => {
    const unknown = `/stream/proxy/${'b'.repeat(40)}`
    const headers = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Dest': 'image', 'Sec-Fetch-Mode': 'no-cors' }
    expect((await send(url + unknown, { headers })).status).toBe(403)
    expect(app.app.index.entries()).toEqual([])
  })
})

test('pictures of the addon may be shown by every page', async () => {
  const headers = {
    'Sec-Fetch-Site': 'cross-site',
    'Sec-Fetch-Dest': 'image',
    Accept: 'image/avif,*/*;q=0.8',
  }
  for (const picture of ['/logo.svg', '/background.svg'])
    expect((await send(url + picture, { headers })).status).toBe(200)
})

test('the lists of this test are all kinds that the addon has', () => {
  const source = readFileSync(new URL('../../src/http/addon-routes.ts', import.meta.url), 'utf8')
  const resources = /RESOURCES = \[(.*?)\]/.exec(source)?.[1]?.match(/\w+/g) ?? []
  expect(resources.length).toBeGreaterThan(2)
  for (const resource of resources) expect(LISTS.some((path) => path.startsWith(`/${resource}/`))).toBe(true)
})
