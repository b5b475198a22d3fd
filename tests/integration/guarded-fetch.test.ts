import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { Lookup } from '../../src/sources/guarded-connector.ts'
import { createGuardedFetch, type GuardedFetchOptions } from '../../src/sources/guarded-fetch.ts'
import { BAD_ANSWERS } from '../support/bad-answers.ts'
import { startForwardProxy } from '../support/forward-proxy.ts'
import { startLocalServer } from '../support/local-server.ts'
import { startSocksProxy } from '../support/socks-proxy.ts'

const LIMITS = { timeoutMs: 5_000, maxBytes: 1_000_000 }
const { signal } = new AbortController()

/** A name server that gives the next answer each time, and then the last one again and again. */
function names(...answers: readonly (string | readonly string[])[]): Lookup & { readonly asked: string[] } {
  const asked: string[] = []
  const lookup: Lookup = (host, _options, done) => {
    const answer = answers[Math.min(asked.length, answers.length - 1)] ?? []
    asked.push(host)
    done(
      null,
      [answer].flat().map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  }
  return Object.assign(lookup, { asked })
}

/** The outcome of a fetch: the body, or the error code. */
async function outcome(
  url: string,
  options: Partial<GuardedFetchOptions> = {},
  limits = LIMITS,
): Promise<string> {
  await using fetcher = createGuardedFetch({ trusted: [], userAgent: 'test', ...options })
  return await fetcher.get(url, limits, signal).then(
    ({ body }) => body.toString(),
    ({ code, message }: { code?: string; message: string }) => code ?? message,
  )
}

test.for([
  'http://127.0.0.1:PORT/',
  'http://127.1:PORT/',
  'http://2130706433:PORT/',
  'http://0x7f000001:PORT/',
  'http://0x7f.0.0.1:PORT/',
  'http://017700000001:PORT/',
  'http://0177.0.0.1:PORT/',
  'http://127.0.0.1.:PORT/',
  'http://１２７.0.0.1:PORT/',
  'http://127。0。0。1:PORT/',
  'http://0.0.0.0:PORT/',
  'http://0:PORT/',
  'http://[::]:PORT/',
  'http://[::1]:PORT/',
  'http://[::ffff:127.0.0.1]:PORT/',
  'http://[::ffff:7f00:1]:PORT/',
  'http://[::127.0.0.1]:PORT/',
  'http://[64:ff9b::7f00:1]:PORT/',
  'http://[64:ff9b:1::7f00:1]:PORT/',
  'http://[2002:7f00:1::]:PORT/',
  'http://localhost:PORT/',
  'http://LOCALHOST:PORT/',
  'http://localhost.:PORT/',
  'http://x.localhost:PORT/',
  'http://ip6-localhost:PORT/',
  'http://nas.local:PORT/',
  'http://router:PORT/',
  'http://169.254.169.254/latest/meta-data/',
  'http://metadata.google.internal/',
  'http://[fd00:ec2::254]/',
  'http://100.100.100.200/',
  'http://168.63.129.16/',
  'http://10.0.0.1/',
  'http://172.16.0.1/',
  'http://192.168.0.1/',
  'http://100.64.0.1/',
  'http://198.18.0.1/',
  'http://224.0.0.1/',
  'http://255.255.255.255/',
  'http://[fe80::1]/',
  'http://[fc00::1]/',
  'http://[ff02::1]/',
  'http://example.org@127.0.0.1:PORT/',
  'http://example.org:80@127.0.0.1:PORT/',
  'http://example.org%2f@127.0.0.1:PORT/',
  'http:\\\\127.0.0.1:PORT\\',
  'http:127.0.0.1:PORT/',
  'http:///127.0.0.1:PORT/',
  ' \thttp://127.0.0.1:PORT/',
  'http://12\t7.0.0.1:PORT/',
  'file:///etc/passwd',
  'ftp://127.0.0.1:PORT/',
  'data:text/plain,hello',
  'gopher://127.0.0.1:PORT/',
  '//127.0.0.1:PORT/',
  'nothing',
  '',
])('nothing is fetched from "%s"', async (url) => {
  await using secret = await startLocalServer((_req, res) => res.end('secret'))
  expect(await outcome(url.replace('PORT', new URL(secret.url).port))).toBe('fetch.forbidden')
  expect(secret.asked).toEqual([])
})

test.for([
  ['http://example.org\\@127.0.0.1:PORT/', 'example.org'],
  ['http://example.org#@127.0.0.1:PORT/', 'example.org'],
  ['http://example.org?@127.0.0.1:PORT/', 'example.org'],
  ['http://127.0.0.1.example.org:PORT/', '127.0.0.1.example.org'],
] as const)('"%s" leads to the host %s only', async ([url, host]) => {
  const lookup = names('127.0.0.1')
  await using secret = await startLocalServer((_req, res) => res.end('secret'))
  expect(await outcome(url.replace('PORT', new URL(secret.url).port), { lookup })).toBe('fetch.forbidden')
  expect([...new Set(lookup.asked)]).toEqual([host])
  expect(secret.asked).toEqual([])
})

test.for([
  ['127.0.0.1'],
  ['::1'],
  ['::ffff:127.0.0.1'],
  ['::ffff:a9fe:a9fe'],
  ['169.254.169.254'],
  ['10.1.2.3'],
  ['64:ff9b::a00:1'],
  ['2002:a00:1::'],
  ['0.0.0.0'],
  ['::'],
  ['168.63.129.16'],
  ['192.0.2.1', '127.0.0.1'],
  ['not an address'],
])('a name that resolves to %j is not connected to', async (addresses) => {
  await using secret = await startLocalServer((_req, res) => res.end('secret'))
  const { port } = new URL(secret.url)
  for (const scheme of ['http', 'https'])
    expect(await outcome(`${scheme}://films.example.org:${port}/`, { lookup: names(addresses) })).toBe(
      'fetch.forbidden',
    )
  expect(secret.asked).toEqual([])
})

test('a name is resolved and checked again for each connection', async () => {
  await using secret = await startLocalServer((_req, res) => res.end('secret'))
  // The first address is public as far as the rules know; no server is there.
  const lookup = names('2a00::1', '127.0.0.1')
  const url = `http://films.example.org:${new URL(secret.url).port}/`
  await using fetcher = createGuardedFetch({ trusted: [], userAgent: 'test', lookup })
  const short = { ...LIMITS, timeoutMs: 300 }
  await expect(fetcher.get(url, short, signal)).rejects.not.toMatchObject({ code: 'fetch.forbidden' })
  await expect(fetcher.get(url, short, signal)).rejects.toMatchObject({ code: 'fetch.forbidden' })
  expect(lookup.asked).toHaveLength(2)
  expect(secret.asked).toEqual([])
})

test('a host named in the settings may be private, at that port only', async () => {
  await using named = await startLocalServer((_req, res) => res.end('named'))
  await using other = await startLocalServer((_req, res) => res.end('other'))
  const trusted = [`${named.url}/anything`]
  expect(await outcome(`${named.url}/x`, { trusted })).toBe('named')
  expect(await outcome(other.url, { trusted })).toBe('fetch.forbidden')
  expect(await outcome(named.url.replace('127.0.0.1', 'localhost'), { trusted })).toBe('fetch.forbidden')
  expect(other.asked).toEqual([])
})

test('a name in the settings may resolve into a private network, but not to a metadata address of a cloud', async () => {
  await using named = await startLocalServer((_req, res) => res.end('named'))
  const url = `http://indexer:${new URL(named.url).port}/`
  expect(await outcome(url, { trusted: [url], lookup: names('127.0.0.1') })).toBe('named')
  for (const address of ['169.254.169.254', 'fd00:ec2::254', '168.63.129.16', '0.0.0.0', '224.0.0.1'])
    expect(await outcome(url, { trusted: [url], lookup: names(address) })).toBe('fetch.forbidden')
})

test.for([
  'http://127.0.0.1:PORT/',
  'http://localhost:PORT/',
  'http://2130706433:PORT/',
  '//127.0.0.1:PORT/',
  'http://[::ffff:127.0.0.1]:PORT/',
  'http://user@127.0.0.1:PORT/',
  'http:\\\\127.0.0.1:PORT/',
])('a host named in the settings cannot redirect us to "%s"', async (location) => {
  await using secret = await startLocalServer((_req, res) => res.end('secret'))
  const to = location.replace('PORT', new URL(secret.url).port)
  await using named = await startLocalServer((_req, res) => res.writeHead(302, { Location: to }).end())
  expect(await outcome(named.url, { trusted: [named.url] })).toBe('fetch.forbidden')
  expect(secret.asked).toEqual([])
})

test.for([301, 302, 303, 307, 308])('a redirect with %i on the same host is followed', async (status) => {
  await using server = await startLocalServer((req, res) =>
    req.url === '/here' ? res.writeHead(status, { Location: 'there?x=1' }).end() : res.end('there'),
  )
  expect(await outcome(`${server.url}/here`, { trusted: [server.url] })).toBe('there')
  expect(server.asked).toEqual(['/here', '/there?x=1'])
})

test('the number of redirects is limited', async () => {
  await using server = await startLocalServer(BAD_ANSWERS['redirects to itself'])
  expect(await outcome(server.url, { trusted: [server.url] })).toBe('fetch.failed')
  expect(server.asked).toHaveLength(6)
})

test.for(['magnet:?xt=urn:btih:aa', 'file:///etc/passwd', 'javascript:alert(1)'])(
  'a redirect to "%s" is returned and not followed',
  async (location) => {
    await using server = await startLocalServer((_req, res) =>
      res.writeHead(302, { Location: location }).end('no'),
    )
    await using fetcher = createGuardedFetch({ trusted: [server.url], userAgent: 'test' })
    expect(await fetcher.get(server.url, LIMITS, signal)).toEqual({
      status: 302,
      body: Buffer.alloc(0),
      location,
    })
  },
)

test.for([
  ['sends 10 MB', 'fetch.too_large'],
  ['sends 100 MB packed into 100 KB', 'fetch.too_large'],
  ['never answers', 'fetch.timeout'],
  ['sends a byte now and then', 'fetch.timeout'],
  ['closes the connection', 'fetch.failed'],
  ['breaks off in the middle', 'fetch.failed'],
] as const)('fetching from a server that %s fails: %s', async ([manner, code]) => {
  await using server = await startLocalServer(BAD_ANSWERS[manner])
  const timeoutMs = code === 'fetch.timeout' ? 300 : 20_000
  expect(await outcome(server.url, { trusted: [server.url] }, { ...LIMITS, timeoutMs })).toBe(code)
})

test('the size limit counts unpacked bytes, and its exact value is allowed', async () => {
  const packed = gzipSync(Buffer.alloc(1_000_000, 'x'))
  await using server = await startLocalServer((_req, res) =>
    res.writeHead(200, { 'Content-Encoding': 'gzip' }).end(packed),
  )
  expect((await outcome(server.url, { trusted: [server.url] })).length).toBe(1_000_000)
  expect(await outcome(server.url, { trusted: [server.url] }, { ...LIMITS, maxBytes: 999_999 })).toBe(
    'fetch.too_large',
  )
})

test('aborting a fetch ends it at once, and closes the connection', async () => {
  await using server = await startLocalServer(BAD_ANSWERS['never answers'])
  await using fetcher = createGuardedFetch({ trusted: [server.url], userAgent: 'test' })
  const leave = new AbortController()
  const fetching = fetcher.get(server.url, LIMITS, leave.signal)
  await expect.poll(() => server.requests.length).toBe(1)
  const reason = new Error('left')
  leave.abort(reason)
  await expect(fetching).rejects.toBe(reason)
  await expect.poll(() => server.requests[0]?.destroyed).toBe(true)
})

test('the timeout includes the lookup of a name', async () => {
  const url = 'http://films.example.org/'
  await using fetcher = createGuardedFetch({ trusted: [], userAgent: 'test', lookup: () => undefined })
  const began = performance.now()
  await expect(fetcher.get(url, { ...LIMITS, timeoutMs: 100 }, signal)).rejects.toMatchObject({
    code: 'fetch.timeout',
  })
  const left = AbortSignal.timeout(100)
  await expect(fetcher.get(url, LIMITS, left)).rejects.toMatchObject({ name: 'TimeoutError' })
  expect(performance.now() - began).toBeLessThan(5_000)
})

test('credentials of a URL are not in the sent URL, and go to no other host', async () => {
  await using other = await startLocalServer((_req, res) => res.end('other'), '127.0.0.2')
  await using named = await startLocalServer((req, res) =>
    req.url === '/away' ? res.writeHead(302, { Location: `${other.url}/` }).end() : res.end('named'),
  )
  const url = named.url.replace('//', '//me:s%40cret@')
  await using fetcher = createGuardedFetch({ trusted: [named.url, other.url], userAgent: 'test/1' })
  await fetcher.get(`${url}/`, LIMITS, signal)
  await fetcher.get(`${url}/away`, LIMITS, signal)
  const authorization = `Basic ${Buffer.from('me:s@cret').toString('base64')}`
  expect(named.requests.map(({ headers }) => headers.authorization)).toEqual([authorization, authorization])
  expect(named.requests[0]?.headers['user-agent']).toBe('test/1')
  expect(other.requests.map(({ headers }) => headers.authorization)).toEqual([undefined])
})

test('an error message has no path, query and password', async () => {
  await using fetcher = createGuardedFetch({ trusted: ['http://127.0.0.1:1'], userAgent: 'test' })
  const url = 'http://me:s3cret@127.0.0.1:1/s3cret/api?apikey=s3cret'
  const failing = fetcher.get(url, LIMITS, signal)
  await expect(failing).rejects.toThrow(/^127\.0\.0\.1:1: .*ECONNREFUSED/)
  await expect(failing).rejects.not.toThrow('s3cret')
})

test('all requests go through the proxy, with its credentials', async () => {
  await using server = await startLocalServer((_req, res) => res.end('by proxy'))
  await using proxy = await startForwardProxy('me:s3cret')
  const trusted = [server.url]
  expect(await outcome(`${server.url}/x`, { trusted, proxy: proxy.urlFor('me:s3cret') })).toBe('by proxy')
  expect(proxy.asked).toEqual([`${server.url}/x`])
  expect(await outcome(`${server.url}/x`, { trusted, proxy: proxy.urlFor('me:wrong') })).toBe('fetch.failed')
  expect(server.asked).toEqual(['/x'])
})

test('a SOCKS proxy may be used', async () => {
  await using server = await startLocalServer((_req, res) => res.end('by proxy'))
  await using proxy = await startSocksProxy()
  expect(await outcome(server.url, { trusted: [server.url], proxy: proxy.url })).toBe('by proxy')
  expect(proxy.asked).toEqual([new URL(server.url).host])
})

test('with a proxy, names are resolved by the proxy, and private hosts are still refused by name or address', async () => {
  await using proxy = await startForwardProxy()
  const options = { proxy: proxy.urlFor(), lookup: names('127.0.0.1') }
  for (const url of ['http://127.0.0.1:1/', 'http://localhost/', 'http://nas.local/', 'http://[::1]/'])
    expect(await outcome(url, options)).toBe('fetch.forbidden')
  expect(proxy.asked).toEqual([])
  expect(options.lookup.asked).toEqual([])
})

test('closing leaves no connection open', async () => {
  await using server = await startLocalServer((_req, res) => res.end('ok'))
  const fetcher = createGuardedFetch({ trusted: [server.url], userAgent: 'test' })
  await fetcher.get(server.url, LIMITS, signal)
  await fetcher[Symbol.asyncDispose]()
  await expect.poll(() => server.requests[0]?.socket.destroyed).toBe(true)
  await expect(fetcher.get(server.url, LIMITS, signal)).rejects.toMatchObject({ code: 'fetch.failed' })
})
