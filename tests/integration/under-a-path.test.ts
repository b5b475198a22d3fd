import { utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasNginx, type Nginx, startNginxWithPath } from '../support/nginx.ts'
import { AS_OWNER } from '../support/owner.ts'
import { expectSameBytes, patternBytes } from '../support/pattern-bytes.ts'
import { send } from '../support/send.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'

const PREFIX = '/streme'
const HASH = '39730aa7c09b864432bc8c878c20c933059241fd'
const IPHONE = { 'User-Agent': 'Stremio-Apple/0.5.1 (iPhone15,4; iOS 27.0)' }
const film = patternBytes(1_048_576 + 7)
const SETTINGS = { TORRENT_TIMEOUT: '300', TORRENT_MAX_RETRIES: '0', METADATA_URL: '' }
const FILMS = [
  { id: 'selfstreme:one', type: 'movie', name: 'One', infoHash: HASH },
  { id: 'selfstreme:show', type: 'series', name: 'Show', infoHash: HASH, season: 1, episode: 1, fileIdx: 0 },
]
/** answers that may have our own links in them */
const PAGES = [
  '/',
  '/configure',
  '/proxy.v1.res=720/configure',
  '/manifest.json',
  '/both/manifest.json',
  '/catalog/movie/selfstreme-films.json',
  '/catalog/series/selfstreme-films/search=show.json',
  '/meta/movie/selfstreme%3Aone.json',
  '/meta/series/selfstreme%3Ashow.json',
  '/proxy/stream/movie/selfstreme%3Aone.json',
  '/stream/series/selfstreme%3Ashow%3A1%3A1.json',
  '/logo.svg',
  '/poster/movie/selfstreme%3Aone.svg',
]

interface Stream {
  readonly url?: string
}

async function startApp(settings: Readonly<Record<string, string>>): Promise<TestApp> {
  await using starting = new AsyncDisposableStack()
  const { path } = starting.use(await temporaryFolder())
  await writeFile(join(path, 'films.json'), JSON.stringify(FILMS))
  // Before the start, so that no list comes before the watch of the folder has seen it.
  await writeFile(join(path, `${HASH}.mp4`), film)
  await utimes(join(path, `${HASH}.mp4`), 1_000_000, 1_000_000)
  const app = starting.use(
    await startTestApp({
      ...SETTINGS,
      FILMS_FILE: join(path, 'films.json'),
      TORRENT_DOWNLOAD_PATH: path,
      ...settings,
    }),
  )
  const parts = starting.move()
  return { ...app, [Symbol.asyncDispose]: () => parts.disposeAsync() }
}

/** All addresses in an answer that may be ours: none of other hosts. */
function ownLinks(text: string, origin: string): string[] {
  const links = [...text.matchAll(/(?:https?|stremio):\/\/[^\s"'<>\\]+/g)].map(([link]) => link)
  return links.filter((link) => link.replace(/^\w+:/, '').startsWith(origin.replace(/^\w+:/, '')))
}

const HEADER = [`proxy_set_header X-Forwarded-Prefix ${PREFIX};`]
const WAYS = [
  ['PUBLIC_URL, and a proxy that takes the prefix off', true, true],
  ['PUBLIC_URL, and a proxy that leaves it', false, true],
  ['X-Forwarded-Prefix of a proxy that takes it off', true, false],
  ['X-Forwarded-Prefix of a proxy that leaves it', false, false],
] as const

describe.skipIf(!hasNginx).for(WAYS)('under a path by %s', ([, strips, byUrl]) => {
  const resources = new AsyncDisposableStack()
  let app: TestApp
  let nginx: Nginx
  let publicUrl: string

  beforeAll(async () => {
    app = resources.use(
      await startApp({
        TRUST_PROXY: 'loopback',
        ACCEL_PREFIX: '/_media',
        ...(byUrl ? { PUBLIC_URL: `https://films.example.org${PREFIX}/` } : {}),
      }),
    )
    nginx = resources.use(
      await startNginxWithPath({
        appUrl: app.url,
        folder: app.folder,
        prefix: PREFIX,
        strips,
        lines: byUrl ? [] : HEADER,
      }),
    )
    publicUrl = byUrl ? 'https://films.example.org' : nginx.url
  })
  afterAll(() => resources.disposeAsync())

  const viaNginx = (link: string) => link.replace(/^\w+:\/\/[^/]+/, nginx.url)

  test('every answer is found, and every link in it has the prefix and works', async () => {
    const seen = new Set<string>()
    for (const path of PAGES) {
      const { status, text, headers } = await send(nginx.url + PREFIX + path, { headers: IPHONE })
      expect(status, path).toBe(200)
      expect(headers, path).not.toHaveProperty('location')
      for (const link of ownLinks(text, publicUrl)) {
        expect(new URL(link.replace(/^stremio:/, 'http:')).pathname, path).toMatch(/^\/streme\//)
        seen.add(link)
      }
      for (const [, local = ''] of text.matchAll(/(?:src|href)="(\/[^"]*)"/g)) seen.add(nginx.url + local)
    }
    expect(seen.size).toBeGreaterThan(7)
    for (const link of seen) {
      const answer = await send(viaNginx(link), { headers: IPHONE })
      expect(answer.status, link).toBe(200)
    }
  })

  test('the page shows its picture, and offers addresses with the prefix', async () => {
    for (const path of [`${PREFIX}/`, `${PREFIX}/configure`, `${PREFIX}/proxy.v1.res=720/configure`]) {
      const { text } = await send(nginx.url + path)
      expect(text).toContain(`<img src="${PREFIX}/logo.svg"`)
      expect(text).toContain(`href="stremio:${publicUrl.replace(/^\w+:/, '')}${PREFIX}/`)
      expect(text).toContain(`${publicUrl}${PREFIX}/both/manifest.json`)
    }
  })

  test('a film is played and sought by the link of a list', async () => {
    const linkOfList = async () => {
      const list = await send(`${nginx.url}${PREFIX}/stream/movie/selfstreme%3Aone.json`, { headers: IPHONE })
      return (list.json as { streams: Stream[] }).streams[0]?.url
    }
    const url = `${publicUrl}${PREFIX}/stream/proxy/${HASH}/main/${HASH}.mp4`
    // the link has the file's own name as soon as the watch of the folder has seen the file
    await expect.poll(linkOfList).toBe(url)
    expectSameBytes((await send(viaNginx(url))).body, film)
    expect((await send(viaNginx(url), { method: 'HEAD' })).headers['content-length']).toBe(
      String(film.length),
    )
    const part = await send(viaNginx(url), { headers: { Range: 'bytes=7-99' } })
    expect(part.status).toBe(206)
    expectSameBytes(part.body, film.subarray(7, 100))
  })

  test('the API answers its owner only', async () => {
    const path = `${nginx.url}${PREFIX}/api/torrents`
    expect((await send(path)).status).toBe(401)
    const { status, json } = await send(path, { headers: AS_OWNER })
    expect([status, json]).toEqual([200, { torrents: [] }])
  })

  test('unknown paths are answered 404', async () => {
    for (const path of [`${PREFIX}/nothing`, `${PREFIX}/stream/proxy/none`])
      expect((await send(nginx.url + path)).status, path).toBe(404)
    expect((await send(`${nginx.url}/manifest.json`)).status).toBe(418)
  })

  test('devices at home reach the server directly without the prefix', async () => {
    expect((await send(`${app.url}/manifest.json`)).status).toBe(200)
    expectSameBytes((await send(`${app.url}/stream/proxy/${HASH}/main/x.mp4`)).body, film)
  })
})

describe('X-Forwarded-Prefix', () => {
  const resources = new AsyncDisposableStack()
  let app: TestApp
  beforeAll(async () => {
    app = resources.use(await startApp({ TRUST_PROXY: 'loopback' }))
  })
  afterAll(() => resources.disposeAsync())

  async function answersWith(prefix: string, { url } = app): Promise<string[]> {
    const headers = { 'X-Forwarded-Prefix': prefix, 'X-Forwarded-For': '192.168.1.20', ...IPHONE }
    const paths = ['/', '/configure', '/manifest.json', '/stream/movie/selfstreme%3Aone.json']
    return Promise.all(
      paths.map(async (path) => {
        const { status, text } = await send(url + path, { headers })
        expect(status, path).toBe(200)
        return text
      }),
    )
  }

  test.for(['/a, /b', '/a,b/', '/a/b'])('of several proxies (%j) is joined', async (prefix) => {
    for (const text of await answersWith(prefix))
      expect(text).toContain(`${app.url.slice('http:'.length)}/a/b/`)
  })

  test.for([
    '//evil.example',
    '/"><script>alert(1)</script>',
    "/x'onload=alert(1)",
    'https://evil.example/x',
    '/../..',
    '/a, //evil.example',
    '/a?b=',
    '/a#',
    '@evil.example',
    ':80@evil.example',
    '.evil.example',
    '/a\\evil',
    '/%22%3E',
    `/${'a'.repeat(300)}`,
  ])('in an invalid form (%j) is ignored', async (prefix) => {
    for (const text of await answersWith(prefix)) {
      expect(text).toContain(app.url.slice('http:'.length))
      expect(ownLinks(text, app.url).length).toBeGreaterThan(0)
      for (const link of ownLinks(text, app.url))
        expect(link).toMatch(
          /^\w+:\/\/[\d.]+:\d+(\/(manifest\.json|logo\.svg|background\.svg|poster\/.*|stream\/proxy\/.*|(proxy|magnet|both)\/manifest\.json))?$/,
        )
      expect(text).not.toMatch(/evil|<script|onload/)
    }
  })

  test('that is too long is refused', async () => {
    const headers = { 'X-Forwarded-Prefix': `/${'a'.repeat(501)}`, 'X-Forwarded-For': '192.168.1.20' }
    expect((await send(`${app.url}/manifest.json`, { headers })).status).toBe(400)
  })

  test('is ignored unless a trusted proxy sends it', async () => {
    await using open = await startApp({ ACCESS: 'open' })
    for (const text of await answersWith('/streme', open)) expect(text).not.toContain('/streme/')
    const headers = { 'X-Forwarded-Prefix': '/streme' }
    expect((await send(`${open.url}/streme/manifest.json`, { headers })).status).toBe(404)
    await using strict = await startApp({ TRUST_PROXY: '10.9.9.9', ACCESS: 'open' })
    for (const text of await answersWith('/streme', strict)) expect(text).not.toContain('/streme/')
  })

  test('that begins like one of our own addresses is put into links, and not removed from paths', async () => {
    for (const text of await answersWith('/proxy'))
      expect(text).toContain(`${app.url.slice('http:'.length)}/proxy/`)
  })

  test('has less priority than PUBLIC_URL', async () => {
    await using own = await startApp({
      TRUST_PROXY: 'loopback',
      PUBLIC_URL: 'https://films.example.org/mine',
    })
    for (const text of await answersWith('/other', own)) {
      expect(text).toContain('//films.example.org/mine/')
      expect(text).not.toContain('/other')
    }
  })
})
