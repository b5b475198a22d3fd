import { expect, test } from 'vitest'
import { holdingsOf, inspectable } from '../support/inspected-process.ts'
import { startLocalServer } from '../support/local-server.ts'
import { startServerProcess } from '../support/server-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const MIB = 1024 * 1024
const LISTS = 400
/** What answers, titles, names and listed torrents may take together, and some for what is on the way. */
const BUDGET = 80 * MIB

const MANIFEST = {
  id: 'org.example.hostile',
  name: 'Hostile',
  version: '1.0.0',
  types: ['movie', 'series'],
  idPrefixes: ['tt'],
  resources: ['stream'],
}

/** 250 streams of nearly four kilobytes, each of it different in every list. */
function hugeAnswer(list: number): string {
  const streams = Array.from({ length: 250 }, (_, n) => ({
    infoHash: (list * 250 + n).toString(16).padStart(40, '0'),
    name: `${list} ${n} ${'n'.repeat(180)}`,
    description: `Film.${list}.${n}.${'d'.repeat(950)}`,
    behaviorHints: {
      bingeGroup: `${list} ${n} ${'g'.repeat(280)}`,
      filename: `${list}.${n}.${'f'.repeat(280)}.mkv`,
    },
    sources: Array.from(
      { length: 20 },
      (__, at) => `tracker:udp://t${list}-${n}-${at}.example.org:1/${'p'.repeat(40)}`,
    ),
  }))
  return JSON.stringify({ streams })
}

test('after 400 lists of an addon with huge answers, memory is within its budget', async () => {
  await using folder = await temporaryFolder()
  await using downloads = await temporaryFolder()
  let answers = 0
  await using addon = await startLocalServer((req, res) => {
    res.setHeader('Content-Type', 'application/json')
    if (req.url === '/manifest.json') return void res.end(JSON.stringify(MANIFEST))
    res.end(hugeAnswer(++answers))
  })
  await using server = startServerProcess({
    ...(await inspectable(folder.path)),
    TORRENT_DOWNLOAD_PATH: downloads.path,
    UPSTREAM_ADDONS: `${addon.url}/manifest.json`,
    TRUST_PROXY: 'loopback',
    PREDOWNLOAD: 'next',
  })
  const url = await server.url()
  const list = async (n: number) => {
    // Each client has ten titles looked up.
    const headers = { 'X-Forwarded-For': `10.0.0.${Math.floor(n / 10)}`, 'User-Agent': 'VIDAA/6.0' }
    const response = await fetch(`${url}/stream/movie/tt${n}.json`, { headers })
    const { streams } = (await response.json()) as { streams: unknown[] }
    return streams.length
  }
  const pid = server.child.pid as number
  await list(0)
  const before = await holdingsOf(pid, folder.path)
  let found = 0
  for (let n = 1; n <= LISTS; n++) found += await list(n)
  const after = await holdingsOf(pid, folder.path)
  console.info(JSON.stringify({ found, answers, before: before.memory / MIB, after: after.memory / MIB }))
  expect(found).toBeGreaterThan(LISTS * 100)
  expect(after.memory - before.memory).toBeLessThan(BUDGET)
})
