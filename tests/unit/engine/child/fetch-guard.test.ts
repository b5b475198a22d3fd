import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { installFetchGuard } from '../../../../src/engine/child/fetch-guard.ts'
import { OwnTrackers } from '../../../../src/engine/child/own-trackers.ts'

const plainFetch = globalThis.fetch
const OWN = ['http://nas.lan:9000/announce', 'http://split.example.org/announce']
const PRIVATE = [{ address: '192.168.1.5', family: 4 }]

/** Redirects by URL; everything else answers. */
let redirects: Record<string, string>
let answer: () => Response
let fetched: string[]

beforeEach(() => {
  redirects = {}
  answer = () => new Response('ok')
  fetched = []
  globalThis.fetch = vi.fn(async (input: string | URL | Request) => {
    fetched.push(String(input))
    const location = redirects[String(input)]
    return location === undefined ? answer() : new Response(null, { status: 302, headers: { location } })
  })
  installFetchGuard(new OwnTrackers(OWN), async () => PRIVATE)
})

afterEach(() => {
  globalThis.fetch = plainFetch
})

test.for([
  'http://tracker.example.org/announce',
  'http://tracker.example.org:8080/a?b=c@d',
  'http://nas.lan:9000/announce?info_hash=x@y',
  'http://split.example.org/announce',
])('tracker %s is fetched', async (url) => {
  expect(await (await fetch(url)).text()).toBe('ok')
  expect(fetched).toEqual([url])
})

test.for([
  'http://nas.lan:9000/admin',
  'http://nas.lan:22/announce',
  'http://nas.lan/announce',
  'http://127.0.0.1/announce',
  'http://169.254.169.254/latest/meta-data',
  // The name is public, and resolves to an address in the user's network.
  'http://split.example.org/admin',
  'http://user:password@tracker.example.org/announce',
  'file:///etc/passwd',
])('private tracker %s is refused, directly and as a redirect of a public tracker', async (url) => {
  await expect(fetch(url)).rejects.toThrow('private host')
  expect(fetched).toEqual([])

  const first = 'http://tracker.example.org/announce'
  redirects[first] = url
  await expect(fetch(first)).rejects.toThrow('private host')
  expect(fetched).toEqual([first])
})

test('a tracker of the settings may redirect to its own host and port only', async () => {
  const first = 'http://nas.lan:9000/announce'
  redirects[first] = '/elsewhere'
  expect(await (await fetch(first)).text()).toBe('ok')
  for (const elsewhere of ['http://nas.lan:22/', 'http://split.example.org/admin']) {
    redirects[first] = elsewhere
    await expect(fetch(first)).rejects.toThrow('private host')
  }
})

test("at most 256 KiB of a tracker's answer are read", async () => {
  answer = () => new Response(Buffer.alloc(256 * 1024))
  expect((await (await fetch('http://tracker.example.org/')).arrayBuffer()).byteLength).toBe(256 * 1024)
  answer = () => new Response(Buffer.alloc(256 * 1024 + 1))
  await expect(fetch('http://tracker.example.org/')).rejects.toThrow('more than')
})

test('an answer that breaks off is refused before it is handed on', async () => {
  answer = () =>
    new Response(
      new ReadableStream({
        start(out) {
          out.enqueue(Buffer.from('d8:interval'))
        },
        pull: (out) => out.error(new TypeError('the connection is gone')),
      }),
    )
  await expect(fetch('http://tracker.example.org/')).rejects.toThrow('the connection is gone')
})

test('an answer without a body is handed on', async () => {
  answer = () => new Response(null, { status: 204 })
  expect((await fetch('http://tracker.example.org/')).status).toBe(204)
})
