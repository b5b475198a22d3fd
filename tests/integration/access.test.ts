import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { AS_OWNER, OWNER_PASSWORD } from '../support/owner.ts'
import { type Answer, send } from '../support/send.ts'
import { sharedApps } from '../support/shared-apps.ts'
import type { TestApp } from '../support/test-app.ts'

const PUBLIC = [
  '8.8.8.8',
  '2606:4700:4700::1111',
  '::ffff:8.8.8.8',
  '172.32.0.1',
  '100.128.0.1',
  'unknown',
  '10.0.0.300',
]
const PRIVATE = [
  '127.0.0.1',
  '::1',
  '10.1.2.3',
  '172.16.0.1',
  '192.168.1.20',
  '::ffff:192.168.1.20',
  'fd12::1',
  'fe80::1',
  '100.64.1.1',
]
const FORWARDING = {
  'X-Forwarded-For': '192.168.1.20',
  'X-Real-IP': '192.168.1.20',
  Forwarded: 'for=192.168.1.20',
  Via: '1.1 proxy',
  'X-Forwarded-Host': 'films.example.org',
  'X-Forwarded-Proto': 'https',
  'CF-Connecting-IP': '192.168.1.20',
}
const PATHS = [
  '/',
  '/manifest.json',
  '/stream/movie/tt1254207.json',
  `/stream/proxy/${'a'.repeat(40)}`,
  '/logo.svg',
  '/poster/movie/tt1254207.svg',
  '/admin/cleanup',
  '/api/torrents',
  '/api/cache/explain',
  '/nowhere',
]
const SOME = 'c0ffee0000000000000000000000000000000000'
/** What only the owner may do: every path, with its methods. */
const OWNERS: readonly (readonly [path: string, ...methods: string[]])[] = [
  ['/admin/cleanup', 'POST'],
  ['/api/torrents', 'GET', 'HEAD', 'POST'],
  ['/api/torrents/:infoHash', 'GET', 'HEAD', 'DELETE'],
  ['/api/torrents/:infoHash/pin', 'PUT', 'DELETE'],
  ['/api/predownloads', 'GET', 'HEAD', 'DELETE'],
  ['/api/predownloads/:infoHash', 'DELETE'],
  ['/api/cache', 'GET', 'HEAD'],
  ['/api/cache/explain', 'GET', 'HEAD'],
  ['/api/explain/stream/:type/:id', 'GET', 'HEAD'],
]
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
/** The same paths as requested, and paths that do not exist. */
const OWNERS_PATHS = [
  ...OWNERS.map(([path]) => path.replace(':infoHash', SOME)),
  ...['/api', '/api/', '/API/torrents', '/api/nothing', '/api/torrents/', `/api/torrents/${SOME}/nothing`],
]

const appWith = sharedApps()

describe('ACCESS=lan', () => {
  let behindProxy: TestApp
  beforeAll(async () => {
    behindProxy = await appWith({ TRUST_PROXY: 'loopback' })
  })

  async function statusFor(address: string): Promise<number> {
    const headers = { 'X-Forwarded-For': address }
    return (await send(`${behindProxy.url}/manifest.json`, { headers })).status
  }

  test.for([
    [50, 403],
    [200, 400],
    // Refused by Node itself, or by the server.
    [1_100, expect.toBeOneOf([400, 431])],
  ])('refuses the client that a proxy names after %i other headers', async ([count, status]) => {
    const many = Object.fromEntries(Array.from({ length: count }, (_, n) => [`a${n}`, '']))
    const headers = { ...many, 'X-Forwarded-For': '8.8.8.8' }
    expect((await send(`${behindProxy.url}/manifest.json`, { headers })).status).toEqual(status)
  })

  test('lets this machine in', async () => {
    const app = await appWith()
    for (const path of ['/', '/manifest.json', '/stream/movie/tt1254207.json']) {
      expect((await send(app.url + path)).status, path).toBe(200)
    }
  })

  test('refuses requests through an untrusted proxy, and says which setting to change', async () => {
    const app = await appWith({ ADMIN_PASSWORD: 'secret secret' })
    for (const [header, value] of Object.entries(FORWARDING)) {
      for (const path of PATHS) {
        const answer = await send(app.url + path, { headers: { [header]: value } })
        expect(answer.status, `${header} ${path}`).toBe(403)
        expect(messageOf(answer)).toContain('TRUST_PROXY')
      }
    }
  })

  test.for(['loopback', '1', '127.0.0.1', '127.0.0.0/8,10.0.0.0/8'])(
    'with TRUST_PROXY=%s checks the address that the proxy names',
    async (proxy) => {
      const app = await appWith({ TRUST_PROXY: proxy })
      for (const address of PUBLIC) {
        const answer = await send(`${app.url}/manifest.json`, { headers: { 'X-Forwarded-For': address } })
        expect(answer.status, address).toBe(403)
        expect(messageOf(answer)).toContain('ACCESS')
      }
      for (const address of PRIVATE) {
        const answer = await send(`${app.url}/manifest.json`, { headers: { 'X-Forwarded-For': address } })
        expect(answer.status, address).toBe(200)
      }
      // The last address is the one that the proxy itself saw.
      const faked = await send(`${app.url}/manifest.json`, {
        headers: { 'X-Forwarded-For': '192.168.1.20, 8.8.8.8' },
      })
      expect(faked.status).toBe(403)
    },
  )

  test.for([
    ...['2002:808:808::1', '2001:0:53aa:64c::1', '64:ff9b::808:808', '192.88.99.1', '240.0.0.1', '224.0.0.1'],
    ...['192.0.2.1', '2001:db8::1', '0.0.0.0', '198.18.0.1', '8.8.8.8', '2a00:1450::1'],
  ])('refuses %s, which is in no private network', async (address) => {
    expect(await statusFor(address)).toBe(403)
  })

  test.for([
    ...['10.1.2.3', '192.168.1.2', '172.16.0.9', '169.254.3.4', '100.64.1.1'],
    ...['::1', 'fe80::1', 'fd00::1', '::ffff:192.168.1.2'],
  ])('lets in %s, which no client on the internet can have', async (address) => {
    expect(await statusFor(address)).toBe(200)
  })

  test('ignores what a proxy says that is not the trusted one', async () => {
    const app = await appWith({ TRUST_PROXY: '10.9.9.9' })
    const headers = { 'X-Forwarded-For': '8.8.8.8', 'X-Forwarded-Host': 'evil.example' }
    const answer = await send(`${app.url}/proxy/stream/movie/tt1254207.json`, { headers })
    expect(answer.text).not.toContain('evil.example')
  })

  test('refuses a public client films, HEAD requests and clean-up too', async () => {
    const app = await appWith({ TRUST_PROXY: 'loopback', ADMIN_PASSWORD: 'secret secret' })
    for (const path of PATHS) {
      for (const method of ['GET', 'HEAD', 'POST']) {
        const headers = { 'X-Forwarded-For': '8.8.8.8', Authorization: 'Bearer secret secret' }
        expect((await send(app.url + path, { method, headers })).status, `${method} ${path}`).toBe(403)
      }
    }
  })
})

test('ACCESS=open lets in requests through a proxy, trusted or not', async () => {
  const app = await appWith({ ACCESS: 'open' })
  for (const [header, value] of Object.entries(FORWARDING)) {
    for (const path of ['/', '/manifest.json', '/stream/movie/tt1254207.json']) {
      expect((await send(app.url + path, { headers: { [header]: value } })).status, `${header} ${path}`).toBe(
        200,
      )
    }
  }
})

test('ACCESS=open lets in a public client', async () => {
  const app = await appWith({ ACCESS: 'open', TRUST_PROXY: 'loopback' })
  expect((await send(`${app.url}/manifest.json`, { headers: { 'X-Forwarded-For': '8.8.8.8' } })).status).toBe(
    200,
  )
})

describe('clean-up on request', () => {
  const NOTHING = { removed: 0, freedBytes: 0, kept: [] }

  test('is open to pages of this server only, for these send the password', async () => {
    const app = await appWith()
    const { port } = new URL(app.url)
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`, `films.lan:${port}`]) {
      const headers = { ...AS_OWNER, Host: host, Origin: `http://${host}` }
      expect((await cleanUp(app.url, headers)).status, host).toBe(200)
    }
  })

  test('is open to a page at PUBLIC_URL', async () => {
    const app = await appWith({ PUBLIC_URL: 'https://films.example.org' })
    const headers = { ...AS_OWNER, Origin: 'https://films.example.org' }
    expect((await cleanUp(app.url, headers)).status).toBe(200)
  })

  test('is refused to a page of another site, even with the password', async () => {
    const app = await appWith({ ACCESS: 'open' })
    const { port } = new URL(app.url)
    const here = `127.0.0.1:${port}`
    const evil = `evil.example:${port}`
    const foreign = [
      { Origin: 'https://evil.example' },
      { Origin: 'null' },
      { Origin: '' },
      { Origin: 'file://' },
      { Origin: 'http://127.0.0.1' },
      { Origin: 'http://127.0.0.1:1' },
      { Origin: `http://localhost:${port}`, Host: here },
      { Origin: `http://127.0.0.1:${port}.evil.example`, Host: here },
      { Origin: `http://user@${evil}`, Host: here },
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site' },
      { 'Sec-Fetch-Site': 'nonsense' },
    ]
    for (const headers of foreign) {
      const answer = await cleanUp(app.url, { ...AS_OWNER, ...(headers as Record<string, string>) })
      expect(answer.status, JSON.stringify(headers)).toBe(403)
    }
    // Host names of strangers that lead to this machine: Origin and Host are the same. Such a page has no password.
    for (const host of [evil, `localhost.evil.example:${port}`]) {
      expect((await cleanUp(app.url, { Origin: `http://${host}`, Host: host })).status, host).toBe(401)
    }
  })

  test.for([{ ACCESS: 'open' }, { TRUST_PROXY: 'loopback' }, { ACCESS: 'open', TRUST_PROXY: '1' }])(
    'is refused through a proxy without a password (%j)',
    async (settings) => {
      const app = await appWith(settings)
      for (const [header, value] of Object.entries(FORWARDING)) {
        const answer = await cleanUp(app.url, { [header]: value })
        expect([401, 403], header).toContain(answer.status)
        expect(messageOf(answer)).toMatch(/ADMIN_PASSWORD|TRUST_PROXY/)
      }
    },
  )

  test('needs the password when one is set', async () => {
    const app = await appWith({ ADMIN_PASSWORD: 'pässword 123' })
    const wrong = [
      undefined,
      'Bearer',
      'Bearer ',
      'Bearer wrong',
      'Bearer pässword',
      'Bearer pässword 1234',
      'pässword 123',
      'Basic cMOkc3N3b3JkIDEyMw==',
    ]
    for (const authorization of wrong) {
      const headers = authorization === undefined ? {} : { Authorization: latin1(authorization) }
      const answer = await cleanUp(app.url, headers)
      expect(answer.status, authorization).toBe(401)
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer/)
      expect(answer.text).not.toContain('pässword')
    }
  })

  test('with the right password is allowed from everywhere that ACCESS lets in', async () => {
    const app = await appWith({ ADMIN_PASSWORD: 'a long password', TRUST_PROXY: 'loopback' })
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      const answer = await cleanUp(app.url, { Authorization: `${scheme} a long password` })
      expect(answer.status, scheme).toBe(200)
      expect(answer.json).toEqual(NOTHING)
    }
    const forwarded = await cleanUp(app.url, {
      Authorization: 'Bearer a long password',
      'X-Forwarded-For': '192.168.1.20',
    })
    expect(forwarded.status).toBe(200)
  })

  test('accepts a password with non-ASCII letters in UTF-8', async () => {
    const app = await appWith({ ADMIN_PASSWORD: 'pässword ✓ 12' })
    const answer = await cleanUp(app.url, { Authorization: latin1('Bearer pässword ✓ 12') })
    expect(answer.status).toBe(200)
    expect(answer.json).toEqual(NOTHING)
  })

  test('hides even a refusal from pages of other sites', async () => {
    const app = await appWith({ TRUST_PROXY: 'loopback' })
    const fromOutside = { 'X-Forwarded-For': '8.8.8.8' }
    for (const [path, headers, status] of [
      ['/admin/cleanup', fromOutside, 403],
      ['/ADMIN/cleanup', fromOutside, 403],
      ['/admin', fromOutside, 403],
      ['/admin/%', fromOutside, 403],
      ['/admin/nothing', {}, 404],
    ] as const) {
      const answer = await send(app.url + path, { method: 'POST', headers })
      expect(answer.status, path).toBe(status)
      expect(answer.headers, path).not.toHaveProperty('access-control-allow-origin')
    }
  })

  function cleanUp(url: string, headers: Record<string, string> = {}): Promise<Answer> {
    return send(`${url}/admin/cleanup`, { method: 'POST', headers })
  }
})

describe("the owner's API", () => {
  test('has no other paths than those listed in this test', () => {
    const source = readFileSync(new URL('../../src/http/api-routes.ts', import.meta.url), 'utf8')
    const paths = [...source.matchAll(/onlyMethods\(router, '([^']+)'/g)].map(([, path]) => path)
    expect(['/admin/cleanup', ...paths]).toEqual(OWNERS.map(([path]) => path))
  })

  test('answers its methods, and names them when another one is used', async () => {
    const app = await appWith()
    for (const [path, ...methods] of OWNERS) {
      for (const method of METHODS) {
        const { status, headers } = await send(app.url + path.replace(':infoHash', SOME), {
          method,
          headers: AS_OWNER,
        })
        if (methods.includes(method)) expect([200, 400, 404], `${method} ${path}`).toContain(status)
        else expect([status, headers.allow], `${method} ${path}`).toEqual([405, methods.join(', ')])
      }
    }
  })

  test('refuses every request of a page of another site', async () => {
    const app = await appWith()
    const foreign: Record<string, string>[] = [
      { Origin: 'https://evil.example' },
      { 'Sec-Fetch-Site': 'cross-site' },
      // A host name of a stranger that leads to this machine: this is all that a browser tells about a page of the same
      // host.
      { Host: `evil.example:${new URL(app.url).port}` },
    ]
    for (const headers of foreign) {
      await eachRequest(async (method, path) => {
        if (path === '/admin/cleanup' && method !== 'POST') return
        const answer = await send(app.url + path, { method, headers: { ...AS_OWNER, ...headers } })
        expect(answer.status, `${method} ${path}`).toBe(403)
      })
    }
  })

  test('needs the token, also from this machine', async () => {
    const app = await appWith({ ADMIN_PASSWORD: undefined })
    const open = await appWith({ ADMIN_PASSWORD: undefined, ACCESS: 'open' })
    await eachRequest(async (method, path) => {
      if (path === '/admin/cleanup' && method !== 'POST') return
      for (const { url } of [app, open])
        expect((await send(url + path, { method })).status, `${method} ${path}`).toBe(401)
      expect((await send(open.url + path, { method, headers: { Via: '1.1 proxy' } })).status).toBe(401)
    })
    const token = await tokenOf(app)
    const headers = { Authorization: `Bearer ${token}` }
    expect((await send(`${app.url}/api/torrents`, { headers })).status).toBe(200)
    expect((await send(`${open.url}/api/torrents`, { headers })).status).toBe(401)
  })

  test('accepts the password or the token when both are set', async () => {
    const app = await appWith()
    for (const secret of [OWNER_PASSWORD, await tokenOf(app)]) {
      const headers = { Authorization: `Bearer ${secret}` }
      expect((await send(`${app.url}/api/torrents`, { headers })).status).toBe(200)
    }
  })

  test('is refused to a public client with the password', async () => {
    const app = await appWith({ TRUST_PROXY: 'loopback', ADMIN_PASSWORD: 'secret secret' })
    const headers = { 'X-Forwarded-For': '8.8.8.8', Authorization: 'Bearer secret secret' }
    await eachRequest(async (method, path) => {
      expect((await send(app.url + path, { method, headers })).status, `${method} ${path}`).toBe(403)
    })
  })

  test('cannot be read by a page of another site', async () => {
    for (const settings of [{}, { ADMIN_PASSWORD: 'secret secret' }]) {
      const app = await appWith(settings)
      await eachRequest(async (method, path) => {
        for (const headers of [
          {},
          { Authorization: 'Bearer secret secret' },
          { Origin: 'https://web.stremio.com', 'Access-Control-Request-Method': 'POST' },
        ]) {
          const answer = await send(app.url + path, { method, headers: headers as Record<string, string> })
          const open = Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))
          expect(open, `${method} ${path}`).toEqual([])
        }
      })
    }
  })

  async function eachRequest(ask: (method: string, path: string) => Promise<void>): Promise<void> {
    for (const path of OWNERS_PATHS) for (const method of METHODS) await ask(method, path)
  }
})

async function tokenOf({ folder }: TestApp): Promise<string> {
  return (await readFile(join(folder, '.self-streme.token'), 'utf8')).trim()
}

function messageOf(answer: Answer): string {
  return (answer.json as { message: string }).message
}

/** UTF-8 as Node writes it into headers, one letter per byte. */
function latin1(text: string): string {
  return Buffer.from(text).toString('latin1')
}

test.for([
  ['X-Real-IP', '8.8.8.8'],
  ['Forwarded', 'for=8.8.8.8'],
  ['CF-Connecting-IP', '8.8.8.8'],
  ['True-Client-IP', '192.168.1.2'],
])(
  'a trusted proxy that names the client only by %s is refused, and the answer says what to send',
  async ([header = '', value = '']) => {
    const app = await appWith({ TRUST_PROXY: 'loopback' })
    const answer = await send(`${app.url}/manifest.json`, { headers: { [header]: value } })
    expect(answer.status).toBe(403)
    expect((answer.json as { message: string }).message).toContain('X-Forwarded-For')
  },
)

test('a trusted proxy may add a port to the address', async () => {
  const app = await appWith({ TRUST_PROXY: 'loopback' })
  const ask = async (client: string) =>
    (await send(`${app.url}/manifest.json`, { headers: { 'X-Forwarded-For': client } })).status
  expect([await ask('192.168.1.5:4444'), await ask('[fd00::1]:4444'), await ask('8.8.8.8:4444')]).toEqual([
    200, 200, 403,
  ])
})

test.for(['X-Forwarded-Port', 'X-Forwarded-Server', 'X-Original-Forwarded-For', 'Fly-Client-IP'])(
  'the header %s counts as a sign of a proxy',
  async (header) => {
    const app = await appWith()
    const headers = { [header]: '1' }
    expect((await send(`${app.url}/manifest.json`, { headers })).status).toBe(403)
    expect((await send(`${app.url}/admin/cleanup`, { method: 'POST', headers })).status).toBe(403)
  },
)

test('a page of another site cannot start clean-up, even when its browser sends no Origin', async () => {
  const app = await appWith()
  const headers = { 'Sec-Fetch-Site': 'cross-site' }
  expect((await send(`${app.url}/admin/cleanup`, { method: 'POST', headers })).status).toBe(403)
})
