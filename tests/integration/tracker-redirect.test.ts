import { expect, test } from 'vitest'
import { startLocalServer } from '../support/local-server.ts'
import { startTestApp } from '../support/test-app.ts'

const FILM = 'cd'.repeat(20)
const OTHER_FILM = 'ef'.repeat(20)
const NO_PEERS = 'd8:intervali1800e5:peers0:e'

test('a tracker may redirect on its own host, and to no other untrusted private host', async () => {
  await using untrusted = await startLocalServer((_req, res) => res.end(NO_PEERS), '127.0.0.2')
  await using tracker = await startLocalServer((req, res) => {
    if (!req.url?.startsWith('/announce')) return res.end(NO_PEERS)
    const location = isFor(FILM, req.url) ? `${untrusted.url}/secret` : '/elsewhere'
    return res.writeHead(302, { Location: location }).end()
  })
  await using app = await startTestApp({
    TORRENT_TRACKERS: `${tracker.url}/announce`,
    TORRENT_TIMEOUT: '30000',
    TORRENT_MAX_RETRIES: '0',
  })
  const leaving = new AbortController()
  const ask = (infoHash: string) =>
    void fetch(`${app.url}/stream/proxy/${infoHash}`, { signal: leaving.signal }).catch(() => undefined)
  ask(FILM)
  await expect.poll(() => tracker.asked.some((url) => isFor(FILM, url))).toBe(true)
  // By the time a later redirect was followed, the first one would have been too.
  ask(OTHER_FILM)
  await expect.poll(() => tracker.asked).toContain('/elsewhere')
  expect(untrusted.asked).toEqual([])
  leaving.abort()
})

function isFor(infoHash: string, url: string): boolean {
  return url.toLowerCase().includes(`info_hash=${infoHash.replace(/../g, '%$&')}`)
}
