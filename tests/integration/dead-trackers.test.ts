import dgram from 'node:dgram'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { startDnsServer } from '../support/dns-server.ts'
import { startTestApp } from '../support/test-app.ts'

const DEAD = Array.from({ length: 20 }, (_, index) => `dead${index}.example.org`)

test.for([
  ['UDP', 'udp://dead.example.org:1337'],
  ['HTTP', 'http://dead.example.org/announce'],
] as const)(
  'a configured tracker is asked at once while 20 %s trackers named by a stranger hang in DNS',
  async ([, url]) => {
    await using dns = await startDnsServer()
    await using tracker = await startUdpTracker()
    // The configured name is in no DNS: it is resolved by the system.
    const settings = { TORRENT_TRACKERS: `udp://localhost:${tracker.port}`, TORRENT_TIMEOUT: '30000' }
    await using app = await startTestApp(settings, { nameServers: [dns.address] })
    const leaving = new AbortController()
    const ask = (infoHash: string, trackers: readonly string[] = []) => {
      const query = new URLSearchParams(trackers.map((tr): [string, string] => ['tr', tr]))
      const film = `${app.url}/stream/proxy/${infoHash}?${query}`
      fetch(film, { signal: leaving.signal }).catch(() => undefined)
    }
    ask(
      'ab'.repeat(20),
      DEAD.map((name) => url.replace('dead.example.org', name)),
    )
    // From here on they hang.
    await expect.poll(() => dns.asked.length).toBeGreaterThan(4)
    const heard = tracker.heard()
    const begun = performance.now()
    ask('cd'.repeat(20))
    await expect.poll(tracker.heard, { interval: 10 }).toBeGreaterThan(heard)
    expect(performance.now() - begun).toBeLessThan(10_000)
    // The first 16 still hang, and the others wait for them.
    expect(new Set(dns.asked).size).toBeLessThanOrEqual(16)
    leaving.abort()
  },
)

async function startUdpTracker() {
  let heard = 0
  const socket = dgram.createSocket('udp4', () => heard++)
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    port: socket.address().port,
    /** datagrams so far */
    heard: () => heard,
    async [Symbol.asyncDispose]() {
      socket.close()
    },
  }
}
