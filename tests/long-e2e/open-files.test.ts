import { expect, test } from 'vitest'
import { openIn, watchCount } from '../support/open-count.ts'
import { startZeroEngine } from '../support/zero-torrent.ts'

/** open files in one process */
const MOST_OPEN = 128

test('a torrent of 2,000 files is fetched with a limited number of them open', async () => {
  await using engine = await startZeroEngine()
  const torrent = await engine.open({ pieceLength: 16 * 1024, pieces: 125, files: 2_000 })
  const { pid } = engine
  using watched = watchCount(() => openIn(torrent.directory, pid))
  torrent.want('urgent')
  torrent.give(Number.POSITIVE_INFINITY)
  await expect.poll(() => torrent.verified.size, { timeout: 40_000 }).toBe(125)
  expect(watched.most()).toBeGreaterThan(MOST_OPEN / 2)
  expect(watched.most()).toBeLessThanOrEqual(MOST_OPEN)
})
