import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { patternBytes } from '../support/pattern-bytes.ts'
import { sendRaw } from '../support/send.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'

const HASH = 'a'.repeat(40)
const film = patternBytes(1024 * 1024)

/** Every kind of route, with a part of its answer. */
const PATHS = [
  ['/', '<h1>self-streme'],
  ['/manifest.json', '"community.self-streme"'],
  ['/stream/movie/tt1254207.json', '"streams":[{'],
  ['/catalog/movie/selfstreme-films/search=sintel.json', 'Sintel'],
  [`/stream/proxy/${HASH}/0/Film.mkv?tr=x`, `Content-Length: ${film.length}`],
  ['/logo.svg', 'image/svg+xml'],
] as const

const resources = new AsyncDisposableStack()
let app: TestApp

beforeAll(async () => {
  const { path } = resources.use(await temporaryFolder())
  await writeFile(join(path, `${HASH}.mkv`), film)
  app = resources.use(await startTestApp({ TORRENT_DOWNLOAD_PATH: path }))
})
afterAll(() => resources.disposeAsync())

describe('an absolute URL as request target', () => {
  test.for(PATHS)('is answered like its path: %s', async ([path, held]) => {
    const method = held.startsWith('Content-Length') ? 'HEAD' : 'GET'
    for (const target of [path, app.url + path, `HTTP://films.lan${path}`, `https://films.lan:7000${path}`]) {
      const said = await ask(`${method} ${target} HTTP/1.1`)
      expect(said, target).toMatch(/^HTTP\/1\.1 200/)
      expect(said, target).toContain(held)
    }
  })

  test('decides the host of links, with priority over Host', async () => {
    const said = await ask('GET http://films.lan:7000/manifest.json HTTP/1.1', 'Host: other.lan')
    expect(said).toContain('"logo":"http://films.lan:7000/logo.svg"')
    expect(said).not.toContain('other.lan')
  })

  test('may have no path', async () => {
    expect(await ask('GET http://films.lan HTTP/1.1')).toContain('<h1>self-streme')
    expect(await ask('GET http://films.lan?x=1 HTTP/1.1')).toContain('<h1>self-streme')
  })

  test.for([
    'http://',
    'http:///manifest.json',
    'http://user@films.lan/manifest.json',
    'http://user:password@films.lan/manifest.json',
    'ftp://films.lan/manifest.json',
    'files.lan:7000',
    `http://${'a'.repeat(301)}/manifest.json`,
  ])('such as "%s" is refused with 400', async (target) => {
    expect(await ask(`GET ${target} HTTP/1.1`)).toMatch(/^HTTP\/1\.1 400/)
  })

  test("does not bypass the owner's guard", async () => {
    for (const path of ['/api/torrents', '/admin/cleanup', '/API/torrents'])
      expect(await ask(`POST http://evil.example${path} HTTP/1.1`), path).toMatch(/^HTTP\/1\.1 40[13]/)
  })
})

describe('the Host header', () => {
  test.for(PATHS)('sent twice is refused with 400: %s', async ([path]) => {
    for (const second of ['films.lan', 'evil.example', '']) {
      const said = await ask(`GET ${path} HTTP/1.1`, 'Host: films.lan', `hOST: ${second}`)
      expect(said).toMatch(/^HTTP\/1\.1 400/)
    }
  })

  test.for(PATHS)('missing in HTTP/1.1 is refused with 400: %s', async ([path]) => {
    for (const target of [path, `http://films.lan${path}`])
      expect(await sendRaw(app.url, [`GET ${target} HTTP/1.1`])).toMatch(/^HTTP\/1\.1 400/)
  })
})

function ask(line: string, ...headers: readonly string[]): Promise<string> {
  return sendRaw(app.url, [line, ...(headers.length > 0 ? headers : ['Host: films.lan'])])
}
