import { expect, test } from 'vitest'
import { startHostileAddon } from '../support/abuse/hostile-addon.ts'
import { holdingsOf, inspectable } from '../support/inspected-process.ts'
import { startServerProcess } from '../support/server-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const MIB = 1024 * 1024
const LISTS = 400
/** The budget of answers, titles, names and listed torrents together, and some for what is in flight. */
const BUDGET = 80 * MIB

test('memory stays within its budget after 400 lists of an addon with huge answers', async () => {
  await using folder = await temporaryFolder()
  await using downloads = await temporaryFolder()
  await using addon = await startHostileAddon()
  await using server = startServerProcess({
    ...(await inspectable(folder.path)),
    TORRENT_DOWNLOAD_PATH: downloads.path,
    UPSTREAM_ADDONS: addon.manifestUrl,
    TRUST_PROXY: 'loopback',
    PREDOWNLOAD: 'next',
  })
  const url = await server.url()
  const list = async (n: number) => {
    // Each client looks up ten titles.
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
  console.info(
    JSON.stringify({
      found,
      answers: addon.asked.length,
      before: before.memory / MIB,
      after: after.memory / MIB,
    }),
  )
  expect(found).toBeGreaterThan(LISTS * 100)
  expect(after.memory - before.memory).toBeLessThan(BUDGET)
})
