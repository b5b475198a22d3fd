import { expect, test } from 'vitest'
import { startOtherAddon } from '../support/other-addon.ts'
import { startTestApp } from '../support/test-app.ts'

const HASH = 'a'.repeat(40)

interface Answer {
  readonly streams: readonly object[]
}

test('an outsider who requests made-up ids does not affect a viewer', { timeout: 60_000 }, async () => {
  await using addon = await startOtherAddon({
    onStreams: (req, res) => {
      // As many addons do with unknown ids: some fail, some never answer.
      if (req.url?.includes('/tt7')) return void res.writeHead(500).end()
      if (req.url?.includes('/tt8')) return
      res.setHeader('Content-Type', 'application/json').end(JSON.stringify({ streams: [{ infoHash: HASH }] }))
    },
  })
  await using server = await startTestApp({
    UPSTREAM_ADDONS: addon.manifestUrl,
    TRUST_PROXY: 'loopback',
    SOURCE_TIMEOUT: '3000',
  })
  const list = async (client: string, id: string): Promise<Answer> => {
    const response = await fetch(`${server.url}/stream/movie/${id}.json`, {
      headers: { 'X-Forwarded-For': client },
    })
    return (await response.json()) as Answer
  }
  const streamsAsked = () => addon.asked.filter((path) => path.includes('/stream/'))

  expect((await list('10.0.0.1', 'tt1')).streams).not.toEqual([])
  const outsider = '10.0.0.66'
  const nonsense = ['failing', ':::', 'tt7x', 'tt12345678901', 'kitsu:x'].map((id) => list(outsider, id))
  await Promise.all(nonsense)
  expect(streamsAsked()).toHaveLength(1)

  const flood = [
    ...Array.from({ length: 10 }, (_, n) => list(outsider, `tt7${n}`)),
    ...Array.from({ length: 100 }, (_, n) => list(outsider, `tt8${n}`)),
  ]
  await expect.poll(() => streamsAsked().length).toBeGreaterThan(4)
  expect((await list('10.0.0.2', 'tt2')).streams).not.toEqual([])
  expect((await list('10.0.0.3', 'tt3')).streams).not.toEqual([])
  await Promise.all(flood)
  // Known answers are still listed, for the outsider too.
  expect((await list(outsider, 'tt1')).streams).not.toEqual([])
  const asked = streamsAsked().filter((path) => /\/tt[78]/.test(path))
  expect(asked.length).toBeLessThanOrEqual(60)
})
