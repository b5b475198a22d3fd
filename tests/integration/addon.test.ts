import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import client from 'stremio-addon-client'
import linter from 'stremio-addon-linter'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Answer, send, sendRaw } from '../support/send.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestApp } from '../support/test-app.ts'

const BUNNY_HASH = 'dd8255ecdc7ca55fb0bbf81323d87062db1f6d1c'
const BUNNY = '/stream/movie/tt1254207.json'
const DESKTOP =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) QtWebEngine/5.15.8 Chrome/87.0.4280.144 Safari/537.36 StremioShell/4.4.168'
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1'
const MODES = ['', '/auto', '/magnet', '/proxy', '/both']

const SERIES = { type: 'series', name: 'The Rock & the Sea', infoHash: 'a'.repeat(40) }
const OWN_FILMS = [
  { ...SERIES, id: 'tt1', season: 1, episode: 2, fileIdx: 7 },
  { ...SERIES, id: 'selfstreme:sea', season: 3, episode: 4, fileIdx: 8 },
  {
    id: 'tt2',
    type: 'movie',
    name: 'Film 100% new',
    infoHash: 'b'.repeat(40),
    fileName: 'a b#?%/ü.mkv',
    fileIdx: 0,
  },
  ...Array.from({ length: 120 }, (_, n) => ({
    id: `selfstreme:many-${n}`,
    type: 'movie',
    name: `Many ${n}`,
    infoHash: 'c'.repeat(40),
  })),
]

interface Stream {
  readonly name: string
  readonly description: string
  readonly infoHash?: string
  readonly fileIdx?: number
  readonly sources?: readonly string[]
  readonly url?: string
  readonly behaviorHints: Record<string, unknown>
}

const resources = new AsyncDisposableStack()
let url: string

beforeAll(async () => {
  const file = join(resources.use(await temporaryFolder()).path, 'films.json')
  await writeFile(file, JSON.stringify(OWN_FILMS))
  url = resources.use(await startTestApp({ FILMS_FILE: file })).url
})
afterAll(() => resources.disposeAsync())

interface Catalog {
  readonly type: string
  readonly id: string
  readonly extra: readonly { readonly name: string; readonly isRequired?: boolean }[]
}

describe('the manifest', () => {
  /** @see https://github.com/Stremio/stremio-core, `ManifestCatalog::is_extra_supported` */
  test.for([['search'], ['skip'], ['search', 'skip'], []])(
    'makes clients request every catalogue with %j, and each request is answered',
    async (names) => {
      const { catalogs, types } = (await send(`${url}/manifest.json`)).json as {
        catalogs: readonly Catalog[]
        types: readonly string[]
      }
      expect(catalogs.map(({ type, id }) => `${type} ${id}`).toSorted()).toEqual([
        'movie selfstreme-films',
        'movie selfstreme-library',
        'series selfstreme-films',
        'series selfstreme-library',
      ])
      for (const { type, id, extra } of catalogs) {
        expect(types).toContain(type)
        expect(names.every((name) => extra.some((each) => each.name === name))).toBe(true)
        expect(extra.filter(({ isRequired }) => isRequired)).toEqual([])
        const asked = names.map((name) => `${name}=${name === 'skip' ? 0 : 'lab'}`).join('&')
        const answer = await send(`${url}/catalog/${type}/${id}${asked && `/${asked}`}.json`)
        expect([answer.status, answer.json]).toEqual([
          200,
          expect.objectContaining({ metas: expect.any(Array) }),
        ])
      }
    },
  )

  test.for(MODES)('of "%s" passes the official linter without a warning', async (mode) => {
    const answer = await send(`${url}${mode}/manifest.json`)
    expect(answer.status).toBe(200)
    expect(linter.lintManifest(answer.json)).toMatchObject({ valid: true, errors: [], warnings: [] })
    expect(answer.body.length).toBeLessThan(8 * 1024)
    expect(answer.json).toMatchObject({ id: 'community.self-streme', logo: `${url}/logo.svg` })
  })

  test('has pictures that exist', async () => {
    const { logo, background } = (await send(`${url}/manifest.json`)).json as Record<string, string>
    for (const picture of [logo, background]) {
      const answer = await send(picture ?? '')
      expect(answer.status).toBe(200)
      expect(answer.headers['content-type']).toContain('image/svg+xml')
    }
  })

  test.for([
    '/fast/manifest.json',
    `/fast${BUNNY}`,
    '/fast/catalog/movie/selfstreme-films.json',
    '/fast/meta/movie/tt1254207.json',
    '/auto/both/manifest.json',
  ])('%s has an unknown mode and is answered 404', async (path) => {
    const answer = await send(url + path)
    expect(answer.status).toBe(404)
    expect(answer.json).toHaveProperty('message')
  })
})

test.for(MODES)('the official client reads catalogue, film and streams under "%s"', async (mode) => {
  const { addon } = await client.detectFromURL(`${url}${mode}/manifest.json`)
  if (!addon) throw new Error('the client sees no addon')
  const catalog = addon.manifest.catalogs.find(({ type }) => type === 'movie')
  const { metas } = await addon.get('catalog', 'movie', catalog?.id ?? '')
  const film = metas.find(({ name }) => name === 'Sintel')
  if (!film) throw new Error('the catalogue has no Sintel')
  expect(addon.isSupported('meta', film.type, film.id)).toBe(true)
  const { meta } = await addon.get('meta', film.type, film.id)
  expect(meta).toMatchObject({ id: 'tt1727587', type: 'movie', name: 'Sintel' })
  expect(addon.isSupported('stream', meta.type, meta.id)).toBe(true)
  const { streams } = await addon.get('stream', meta.type, meta.id)
  expect(streams.length).toBe(mode === '/magnet' || mode === '/proxy' ? 1 : 2)
})

test('the four free films show their licence and their makers', async () => {
  const { metas } = (await send(`${url}/catalog/movie/selfstreme-films.json`)).json as {
    metas: { id: string; description: string }[]
  }
  const free = metas.slice(0, 4)
  expect(free.map(({ id }) => id)).toEqual(['tt1254207', 'tt1727587', 'tt2285752', 'tt4957236'])
  for (const { description } of free) expect(description).toMatch(/Licence: CC.* · .*Blender Foundation/s)
})

describe('caching of answers', () => {
  test('keeps a list of streams for a while, per device', async () => {
    const { headers, json } = await send(url + BUNNY)
    expect(headers.vary).toBe('Origin, User-Agent, Sec-CH-UA')
    expect(headers['cache-control']).toMatch(/^private, max-age=[1-9]\d*$/)
    expect(headers['cache-control']).toContain(`max-age=${(json as { cacheMaxAge: number }).cacheMaxAge}`)
  })

  test.for([
    '/stream/movie/tt0.json',
    '/stream/series/tt1.json',
    '/stream/series/tt1:1:3.json',
    '/stream/movie/tt1:1:2.json',
    '/stream/channel/tt1254207x.json',
    '/catalog/movie/selfstreme-films/search=nothing%20like%20it.json',
    '/catalog/movie/other.json',
  ])('does not keep the empty list of %s', async (path) => {
    const { status, headers, json } = await send(url + path)
    expect(status).toBe(200)
    expect(headers['cache-control']).toBe('no-store')
    expect(Object.values(json as object)).toEqual([[]])
    expect(json).not.toHaveProperty('cacheMaxAge')
  })

  test('does not keep the 404 for an unknown film', async () => {
    for (const path of [
      '/meta/movie/tt0.json',
      '/meta/series/tt1254207.json',
      '/proxy/meta/movie/tt0.json',
    ]) {
      const { status, headers } = await send(url + path)
      expect(status).toBe(404)
      expect(headers['cache-control']).toBe('no-store')
    }
  })
})

describe('the catalogue', () => {
  test.for([
    ['search=SINT', ['Sintel']],
    ['search=big%20buck', ['Big Buck Bunny']],
    ['search=big+buck', ['Big Buck Bunny']],
    ['search=100%25', ['Film 100% new']],
    ['search=Sintel&skip=0', ['Sintel']],
    ['search=Sintel&skip=1', []],
    ['skip=0&search=sintel', ['Sintel']],
    ['skip=123', ['Many 118', 'Many 119']],
    ['skip=500', []],
    ['skip=-1&search=sintel', ['Sintel']],
    ['skip=much&search=sintel', ['Sintel']],
  ] as const)('with %s lists %j', async ([extra, names]) => {
    expect(await namesIn(`/catalog/movie/selfstreme-films/${extra}.json`)).toEqual(names)
  })

  test('takes an encoded & in an extra as a part of its value', async () => {
    expect(await namesIn('/catalog/series/selfstreme-films/search=rock%20%26%20the.json')).toEqual([
      'The Rock & the Sea',
      'The Rock & the Sea',
    ])
    expect(
      await namesIn('/both/catalog/series/selfstreme-films/search=rock%20%26%20the&skip=1.json'),
    ).toEqual(['The Rock & the Sea'])
    expect(await namesIn('/catalog/series/selfstreme-films/search=rock%20%26%20skip%3D5.json')).toEqual([])
  })

  test('has pages of 100', async () => {
    expect(await namesIn('/catalog/movie/selfstreme-films.json')).toHaveLength(100)
    expect(await namesIn('/catalog/movie/selfstreme-films/skip=100.json')).toHaveLength(25)
  })

  async function namesIn(path: string): Promise<string[]> {
    const { status, json } = await send(url + path)
    expect(status).toBe(200)
    return (json as { metas: { name: string }[] }).metas.map(({ name }) => name)
  }
})

describe('ids and names in the path', () => {
  test.for([
    '/stream/series/tt1:1:2.json',
    '/stream/series/tt1%3A1%3A2.json',
    '/stream/series/tt1%3a1%3a2.json',
    '/both/stream/series/tt1%3A1%3A2.json',
    '/stream/series/tt1:1:2/videoSize=5&filename=a%26b%2Fc.json',
    '/stream/series/tt1:1:2.json?x=1',
  ])('%s is an episode', async (path) => {
    expect(streamsIn(await send(url + path))).toContainEqual(
      expect.objectContaining({ infoHash: 'a'.repeat(40), fileIdx: 7 }),
    )
  })

  test("an id of the user's own may contain a colon", async () => {
    for (const id of ['selfstreme:sea:3:4', 'selfstreme%3Asea%3A3%3A4']) {
      const streams = streamsIn(await send(`${url}/stream/series/${id}.json`))
      expect(streams).toContainEqual(expect.objectContaining({ fileIdx: 8 }))
    }
  })

  test.for([
    '/stream/movie/%E0%A4%A.json',
    '/stream/movie/tt1/a=%.json',
    '/%E0/manifest.json',
    '/meta/movie/%ff.json',
  ])('%s is broken percent-encoding and is answered 400 in JSON', async (path) => {
    const answer = await send(url + path)
    expect(answer.status).toBe(400)
    expect(answer.headers['content-type']).toContain('application/json')
    expect(answer.json).toHaveProperty('message')
  })

  test('a file name with special letters comes back unchanged from the link', async () => {
    const [stream] = streamsIn(await send(`${url}/proxy/stream/movie/tt2.json`))
    expect(stream?.url).toBe(`${url}/stream/proxy/${'b'.repeat(40)}/0/a%20b%23%3F%25%2F%C3%BC.mkv`)
    expect(stream?.behaviorHints.filename).toBe('a b#?%/ü.mkv')
  })
})

describe('the streams of a device', () => {
  test('are the torrent for a desktop', async () => {
    const streams = streamsIn(await send(url + BUNNY, { headers: { 'User-Agent': DESKTOP } }))
    expect(streams).toHaveLength(1)
    expect(streams[0]).toMatchObject({ infoHash: BUNNY_HASH, fileIdx: 1, sources: [`dht:${BUNNY_HASH}`] })
    expect(streams[0]).not.toHaveProperty('url')
  })

  test('are a video of this server for an iPhone', async () => {
    const streams = streamsIn(await send(url + BUNNY, { headers: { 'User-Agent': IPHONE } }))
    expect(streams).toHaveLength(1)
    expect(streams[0]?.url).toBe(`${url}/stream/proxy/${BUNNY_HASH}/1/Big%20Buck%20Bunny.mp4`)
    expect(streams[0]).not.toHaveProperty('infoHash')
    expect(streams[0]?.behaviorHints).toMatchObject({ filename: 'Big Buck Bunny.mp4', notWebReady: true })
    expect(streams[0]?.behaviorHints).not.toHaveProperty('proxyHeaders')
  })

  test('are both for a program, the video first', async () => {
    const streams = streamsIn(await send(url + BUNNY, { headers: { 'User-Agent': 'curl/8.9.1' } }))
    expect(streams).toMatchObject([
      { url: expect.stringContaining(BUNNY_HASH), behaviorHints: { bingeGroup: expect.any(String) } },
      { infoHash: BUNNY_HASH, behaviorHints: { bingeGroup: expect.any(String) } },
    ])
    for (const { name, description } of streams) expect(name && description).toBeTruthy()
  })

  test('are both for Stremio for Windows, which is recognised by Sec-CH-UA alone', async () => {
    const browser =
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36'
    const hint = '"Microsoft Edge";v="140", "Microsoft Edge WebView2";v="140", "Not=A?Brand";v="24"'
    const shell = await send(url + BUNNY, { headers: { 'User-Agent': browser, 'Sec-CH-UA': hint } })
    expect(streamsIn(shell).map((stream) => Object.hasOwn(stream, 'url'))).toEqual([false])
    const web = await send(url + BUNNY, { headers: { 'User-Agent': browser } })
    expect(streamsIn(web).map((stream) => Object.hasOwn(stream, 'url'))).toEqual([true, false])
  })

  test('are the torrent for a device without a User-Agent', async () => {
    expect(streamsIn(await send(url + BUNNY))).toMatchObject([{ infoHash: BUNNY_HASH }])
  })

  test.for([
    ['/magnet', IPHONE, [false]],
    ['/proxy', DESKTOP, [true]],
    ['/both', DESKTOP, [true, false]],
    ['/both', IPHONE, [true, false]],
    ['/auto', IPHONE, [true]],
    ['/auto', DESKTOP, [false]],
  ] as const)('follow the install URL of %s before the device', async ([mode, userAgent, hasUrl]) => {
    const streams = streamsIn(await send(url + mode + BUNNY, { headers: { 'User-Agent': userAgent } }))
    expect(streams.map((stream) => Object.hasOwn(stream, 'url'))).toEqual(hasUrl)
  })
})

describe('links begin', () => {
  const FORWARDED = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'films.example.org' }

  test('with the host that the device requested', async () => {
    const headers = { Host: 'films.lan:7000' }
    expect(await linkFrom(url, headers)).toMatch(/^http:\/\/films\.lan:7000\/stream\/proxy\//)
    expect((await send(`${url}/manifest.json`, { headers })).json).toMatchObject({
      logo: 'http://films.lan:7000/logo.svg',
    })
    expect((await send(url, { headers })).text).toContain('stremio://films.lan:7000/manifest.json')
  })

  test('without what an untrusted proxy says', async () => {
    await using app = await startTestApp({ ACCESS: 'open' })
    expect(await linkFrom(app.url, FORWARDED)).toMatch(new RegExp(`^${app.url}/`))
    expect((await send(app.url, { headers: FORWARDED })).text).not.toContain('films.example.org')
  })

  test('with what a trusted proxy says', async () => {
    await using app = await startTestApp({ TRUST_PROXY: 'loopback' })
    const headers = { ...FORWARDED, 'X-Forwarded-For': '192.168.1.20' }
    expect(await linkFrom(app.url, headers)).toMatch(/^https:\/\/films\.example\.org\/stream\/proxy\//)
    expect((await send(`${app.url}/manifest.json`, { headers })).json).toMatchObject({
      background: 'https://films.example.org/background.svg',
    })
  })

  test('with https when a trusted proxy says so, and then mark an MP4 as playable in browsers', async () => {
    await using app = await startTestApp({ TRUST_PROXY: '1' })
    const headers = { ...FORWARDED, 'X-Forwarded-For': '192.168.1.20' }
    const [stream] = streamsIn(await send(`${app.url}/proxy${BUNNY}`, { headers }))
    expect(stream?.behaviorHints.notWebReady).not.toBe(true)
  })

  test('with PUBLIC_URL before anything else', async () => {
    await using app = await startTestApp({ TRUST_PROXY: 'loopback', PUBLIC_URL: 'https://home.example.net/' })
    const headers = { ...FORWARDED, 'X-Forwarded-For': '192.168.1.20', Host: 'other.example' }
    expect(await linkFrom(app.url, headers)).toMatch(/^https:\/\/home\.example\.net\/stream\/proxy\//)
    expect((await send(app.url, { headers })).text).toContain('stremio://home.example.net/manifest.json')
  })

  test.for([
    'a"><script>alert(1)</script>',
    "a'onclick=alert(1)",
    'films.lan/path',
    'films.lan?query',
    'films.lan#hash',
    'user@films.lan',
    'films.lan:80:90',
    '[::1',
    'films lan',
    '&lt;',
    '',
    '..',
    'evil:99999',
  ])('never with the hostile Host "%s"', async (host) => {
    await expectOwnAddress((path) =>
      sendRaw(url, [`GET ${path} HTTP/1.1`, `Host: ${host}`, `User-Agent: ${IPHONE}`]),
    )
  })

  test("with the server's own address when the request has no Host", async () => {
    await expectOwnAddress((path) => sendRaw(url, [`GET ${path} HTTP/1.0`, `User-Agent: ${IPHONE}`]))
  })

  test.for(['"><script>', 'javascript'])(
    'never with the protocol "%s" that a trusted proxy passes on',
    async (protocol) => {
      await using app = await startTestApp({ TRUST_PROXY: 'loopback' })
      const headers = {
        'X-Forwarded-For': '192.168.1.20',
        'X-Forwarded-Proto': protocol,
        'User-Agent': IPHONE,
      }
      const page = (await send(app.url, { headers })).text
      expect(page).toContain(`${app.url}/proxy/manifest.json`)
      for (const text of [
        page,
        (await send(`${app.url}/manifest.json`, { headers })).text,
        (await send(app.url + BUNNY, { headers })).text,
      ]) {
        expect(text).toContain(app.url.slice('http:'.length))
        expect(text).not.toMatch(/<script|javascript/)
      }
      expect(await linkFrom(app.url, headers)).toMatch(new RegExp(`^${app.url}/`))
    },
  )

  async function expectOwnAddress(ask: (path: string) => Promise<string>): Promise<void> {
    const page = await ask('/')
    expect(page).toContain(`stremio:${url.slice('http:'.length)}/manifest.json`)
    expect(page).not.toContain('<script>')
    expect(await ask('/manifest.json')).toContain(`"logo":"${url}/logo.svg"`)
    expect(await ask(BUNNY)).toContain(`"url":"${url}/stream/proxy/`)
  }

  async function linkFrom(base: string, headers: Record<string, string>): Promise<string | undefined> {
    return streamsIn(await send(`${base}/proxy${BUNNY}`, { headers }))[0]?.url
  }
})

function streamsIn(answer: Answer): Stream[] {
  expect(answer.status).toBe(200)
  return (answer.json as { streams: Stream[] }).streams
}
