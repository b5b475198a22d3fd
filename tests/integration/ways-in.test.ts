import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasNginx, startPlainNginx } from '../support/nginx.ts'
import { type Answer, send } from '../support/send.ts'
import { startTcpForwarder } from '../support/tcp-forwarder.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'

const PUBLIC_NAME = { Host: 'films.example.org' }
/** What only the owner may do: reads, and changes. */
const OWNERS = [
  ['GET', '/api/torrents'],
  ['GET', '/api/cache'],
  ['GET', '/api/cache/explain'],
  ['POST', '/api/torrents'],
  ['DELETE', `/api/torrents/${'a'.repeat(40)}`],
  ['GET', '/api/explain/stream/movie/tt1254207'],
  ['POST', '/admin/cleanup'],
] as const
const OTHERS = [
  '/',
  '/manifest.json',
  '/catalog/movie/selfstreme-films.json',
  '/meta/movie/tt1254207.json',
  '/stream/movie/tt1254207.json',
  `/stream/proxy/${'a'.repeat(40)}`,
  `/Stream/Proxy/${'a'.repeat(40)}`,
]

type Open = (app: TestApp) => Promise<{ readonly url: string } & AsyncDisposable>
const PASS_HOST = ['proxy_set_header Host $http_host;', 'proxy_http_version 1.1;']
const BEHIND_NGINX: readonly (readonly [string, Open])[] = [
  ['through nginx with proxy_pass alone', ({ url }) => startPlainNginx(url)],
  ['through nginx that passes Host', ({ url }) => startPlainNginx(url, PASS_HOST)],
]
/** Ways in which every client comes from an address of this machine. */
const WAYS: readonly (readonly [string, Open])[] = [
  ['directly', async ({ url }) => ({ url, [Symbol.asyncDispose]: async () => undefined })],
  ['through a TCP forwarder', ({ url }) => startTcpForwarder(url)],
  ...(hasNginx ? BEHIND_NGINX : []),
]

describe.for(WAYS)('a client that comes %s', ([, open]) => {
  const resources = new AsyncDisposableStack()
  let app: TestApp
  let url: string

  beforeAll(async () => {
    app = resources.use(await startTestApp({ ADMIN_PASSWORD: undefined, TORRENT_TIMEOUT: '100' }))
    url = resources.use(await open(app)).url
  })
  afterAll(() => resources.disposeAsync())

  test('is not the owner without the token', async () => {
    for (const [method, path] of OWNERS)
      for (const headers of [{}, PUBLIC_NAME, { Host: 'localhost' }, { Host: '127.0.0.1:7000' }])
        expect([401, 403], `${method} ${path}`).toContain(
          (await send(url + path, { method, headers })).status,
        )
  })

  test('is refused by a public name, with the setting to change', async () => {
    for (const path of OTHERS)
      expectRefused(await send(url + path, { headers: PUBLIC_NAME }), /TRUST_PROXY.*ACCESS=open/)
  })
})

test('the token makes an owner on each way that ACCESS lets in', async () => {
  await using app = await startTestApp({ ADMIN_PASSWORD: undefined, ACCESS: 'open' })
  const token = (await readFile(join(app.folder, '.self-streme.token'), 'utf8')).trim()
  for (const [way, open] of WAYS) {
    await using opened = await open(app)
    const headers = { ...PUBLIC_NAME, Authorization: `Bearer ${token}` }
    expect((await send(`${opened.url}/api/torrents`, { headers })).status, way).toBe(200)
    expect((await send(`${opened.url}/api/torrents`, { headers: PUBLIC_NAME })).status, way).toBe(401)
  }
})

describe.skipIf(!hasNginx)('nginx', () => {
  test('with proxy_pass alone lets no client in, under any name', async () => {
    await using app = await startTestApp({ TORRENT_TIMEOUT: '100' })
    await using nginx = await startPlainNginx(app.url)
    for (const path of OTHERS)
      for (const host of ['192.168.1.5', 'localhost', 'films.example.org'])
        expectRefused(await send(nginx.url + path, { headers: { Host: host } }), /TRUST_PROXY.*ACCESS=open/)
  })

  test('that is trusted must name its client', async () => {
    await using app = await startTestApp({ TRUST_PROXY: 'loopback', TORRENT_TIMEOUT: '100' })
    for (const lines of [
      [],
      ['proxy_set_header Host $http_host;'],
      ['proxy_http_version 1.1;', 'proxy_set_header Host $http_host;'],
      ['proxy_http_version 1.1;', 'proxy_set_header X-Forwarded-Proto $scheme;'],
      ['proxy_http_version 1.1;', 'proxy_set_header X-Forwarded-Host $http_host;'],
      ['proxy_http_version 1.1;', 'proxy_set_header X-Real-IP $remote_addr;'],
    ]) {
      await using nginx = await startPlainNginx(app.url, lines)
      for (const path of OTHERS)
        expectRefused(await send(nginx.url + path, { headers: PUBLIC_NAME }), /X-Forwarded-For/)
    }
  })

  test('that names its client lets in clients at home', async () => {
    await using app = await startTestApp({ TRUST_PROXY: 'loopback' })
    await using nginx = await startPlainNginx(app.url, [
      'proxy_set_header Host $http_host;',
      'proxy_set_header X-Forwarded-For 192.168.1.20;',
    ])
    expect((await send(`${nginx.url}/manifest.json`, { headers: PUBLIC_NAME })).status).toBe(200)
  })
})

test('a request from this machine to one of its own names is let in', async () => {
  await using app = await startTestApp()
  for (const host of [
    'localhost:7000',
    '127.0.0.1',
    '[::1]:7000',
    'nas',
    'nas.local',
    'nas.fritz.box',
    '192.168.1.5:7000',
  ])
    expect((await send(`${app.url}/manifest.json`, { headers: { Host: host } })).status, host).toBe(200)
})

test('a request from this machine to its public name needs a trusted proxy, even when PUBLIC_URL has that name', async () => {
  await using app = await startTestApp({ PUBLIC_URL: 'https://films.example.org' })
  expectRefused(await send(`${app.url}/manifest.json`, { headers: PUBLIC_NAME }), /TRUST_PROXY/)
})

function expectRefused(answer: Answer, words: RegExp): void {
  expect(answer.status).toBe(403)
  expect((answer.json as { message: string }).message).toMatch(words)
}
