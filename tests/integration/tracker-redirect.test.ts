import { expect, test } from 'vitest'
import { startLocalServer } from '../support/local-server.ts'
import { startTestApp } from '../support/test-app.ts'

const INFO_HASH = 'cd'.repeat(20)
const NO_PEERS = 'd8:intervali1800e5:peers0:e'

test('a tracker cannot send the server to a host that nobody trusts', async () => {
  await using untrusted = await startLocalServer((_req, res) => res.end(NO_PEERS), '127.0.0.2')
  await using tracker = await startLocalServer((_req, res) =>
    res.writeHead(302, { Location: `${untrusted.url}/secret` }).end(),
  )
  await using app = await startTestApp(settingsFor(tracker.url))
  // The answer comes when the search is over: whatever is fetched was fetched by then.
  const answer = await fetch(`${app.url}/stream/proxy/${INFO_HASH}`)
  expect(answer.ok).toBe(false)
  expect(tracker.asked).toContainEqual(expect.stringMatching(/^\/announce\b/))
  expect(untrusted.asked).toEqual([])
})

test('a tracker may send the server elsewhere on the host that the user trusts', async () => {
  await using tracker = await startLocalServer((req, res) => {
    if (req.url?.startsWith('/announce')) res.writeHead(302, { Location: '/elsewhere' }).end()
    else res.end(NO_PEERS)
  })
  await using app = await startTestApp(settingsFor(tracker.url))
  const asked = fetch(`${app.url}/stream/proxy/${INFO_HASH}`)
  await expect.poll(() => tracker.asked, { timeout: 10_000 }).toContain('/elsewhere')
  await asked
})

function settingsFor(trackerUrl: string) {
  return { TORRENT_TRACKERS: `${trackerUrl}/announce`, TORRENT_TIMEOUT: '3000', TORRENT_MAX_RETRIES: '0' }
}
