import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasNginx, startNginx } from '../support/nginx.ts'
import { send } from '../support/send.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { startTestApp } from '../support/test-app.ts'

/** What proxies and the servers behind them believe of a client. */
const SMUGGLED = [
  ...['X-Forwarded-Host', 'X-Forwarded-Port', 'X-Forwarded-Prefix', 'X-Forwarded-Server', 'X-Forwarded-Ssl'],
  ...['X-Forwarded', 'Forwarded', 'Via', 'X-Real-IP', 'X-Client-IP', 'X-Cluster-Client-IP', 'X-Original-URL'],
  ...['X-Original-Host', 'X-Original-Forwarded-For', 'X-Rewrite-URL', 'True-Client-IP', 'CF-Connecting-IP'],
  ...['Fastly-Client-IP', 'Fly-Client-IP', 'X-Envoy-External-Address'],
]

describe.skipIf(!hasNginx)('deploy/nginx.conf', () => {
  const resources = new AsyncDisposableStack()
  let nginxUrl: string
  const seen: IncomingMessage[] = []
  const waiting: (() => void)[] = []

  beforeAll(async () => {
    const folder = resources.use(await temporaryFolder())
    const behind = createServer((req, res) => {
      seen.push(req)
      if (req.url === '/wait') waiting.push(() => res.end())
      else res.end()
    }).listen(0, '127.0.0.1')
    await once(behind, 'listening')
    resources.defer(() => {
      behind.closeAllConnections()
      behind.close()
    })
    const { port } = behind.address() as AddressInfo
    nginxUrl = resources.use(await startNginx(`http://127.0.0.1:${port}`, folder.path)).url
  })
  afterAll(() => resources.disposeAsync())

  test('passes on nothing that a client claims about its origin', async () => {
    const headers = Object.fromEntries(SMUGGLED.map((name) => [name, 'evil.example']))
    await send(`${nginxUrl}/`, {
      headers: {
        ...headers,
        'X-Forwarded-For': '192.168.1.20',
        'X-Forwarded-Proto': 'evil',
        Host: 'films.lan',
      },
    })
    const got = seen.at(-1)?.headers ?? {}
    for (const name of SMUGGLED) expect(got, name).not.toHaveProperty(name.toLowerCase())
    expect(got).toMatchObject({
      host: 'films.lan',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
    })
    expect(JSON.stringify(got)).not.toContain('evil')
  })

  test('clears every header that could name a client to the server', () => {
    const source = readFileSync(new URL('../../src/http/client-address.ts', import.meta.url), 'utf8')
    const names = /CLIENT_HEADERS = \[(.*?)\]/s.exec(source)?.[1]?.match(/[a-z][a-z-]+/g) ?? []
    expect(names.length).toBeGreaterThan(5)
    for (const name of names)
      expect([...SMUGGLED, 'X-Forwarded-For'].map((each) => each.toLowerCase())).toContain(name)
  })

  test('limits the connections of one address, and answers 429 above the limit', async () => {
    const held = Array.from({ length: 48 }, () => send(`${nginxUrl}/wait`))
    await expect.poll(() => waiting.length).toBe(48)
    expect((await send(`${nginxUrl}/`)).status).toBe(429)
    for (const go of waiting) go()
    for (const answer of await Promise.all(held)) expect(answer.status).toBe(200)
    await expect.poll(async () => (await send(`${nginxUrl}/`)).status).toBe(200)
  })

  test('accepts torrent files up to 16 MiB and links with many trackers', async () => {
    const body = new Uint8Array(16 * 1024 * 1024)
    expect((await send(`${nginxUrl}/api/torrents`, { method: 'POST', body })).status).toBe(200)
    expect((await send(`${nginxUrl}/x?${'tr=x&'.repeat(2_500)}`)).status).toBe(200)
  })

  test('lets no client choose the host of links', async () => {
    await using app = await startTestApp({ TRUST_PROXY: 'loopback', ACCEL_PREFIX: '/_media' })
    await using front = await startNginx(app.url, app.folder)
    const headers = { Host: 'films.lan', 'X-Forwarded-Host': 'evil.example' }
    for (const path of ['/', '/manifest.json', '/proxy/stream/movie/tt1254207.json']) {
      const { status, text } = await send(front.url + path, { headers })
      expect(status, path).toBe(200)
      expect(text, path).toContain('films.lan')
      expect(text, path).not.toContain('evil.example')
    }
  })
})
