import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Space } from '../../../src/cleanup/space.ts'
import type { InfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import type { TorrentInfo } from '../../../src/domain/bittorrent/metainfo.ts'
import { SelfStremeError } from '../../../src/domain/errors.ts'
import { fetchTarget, type Surroundings } from '../../../src/downloads/fetch-guess.ts'
import { Job, type Why } from '../../../src/downloads/guess.ts'
import type { Log } from '../../../src/observe/log.ts'
import type { FetchRequest } from '../../../src/torrents/fetch-ahead.ts'

const MIB = 1024 * 1024
const SIZE = 100 * MIB
const INFO_HASH = 'a'.repeat(40) as InfoHash
const INFO: TorrentInfo = {
  ...{ name: 'Film.mkv', pieceLength: MIB, length: SIZE, pieceCount: 100, pieceHashes: new Uint8Array() },
  isPrivate: false,
  files: [{ path: 'Film.mkv', name: 'Film.mkv', length: SIZE, offset: 0, isPadding: false }],
}
const ROOMY: Space = {
  ...{ usedBytes: 0, evictableBytes: 0, heldBytes: 0, owedBytes: 0 },
  disk: { freeBytes: 1e12, minFreeBytes: 0, evictableBytes: 0, owedBytes: 0 },
}
const ignore = () => undefined
const silent: Log = { error: ignore, warn: ignore, info: ignore, debug: ignore }

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A job whose fetches are ended by hand, the last one first. */
function fetching(why: Why, { isPlaced = false } = {}) {
  const asked: string[] = []
  const ends: { resolve: () => void; reject: (error: unknown) => void }[] = []
  const state = { space: ROOMY, isOnDisk: true }
  const rest = Promise.withResolvers<boolean>()
  const surroundings: Surroundings = {
    torrents: {
      whenInfo: async () => INFO,
      placeFor: async () => '/films',
      needOf: async (_, { files }) => {
        const bytes = files.length > 0 ? SIZE : 12 * MIB
        return { bytes, missingBytes: bytes }
      },
      fetch({ files, parts = [] }: FetchRequest) {
        const ranges = parts.map(({ range }) => `${range.start / MIB}-${(range.end + 1) / MIB}`)
        asked.push(files.length > 0 ? 'all' : ranges.join(' '))
        const { promise, resolve, reject } = Promise.withResolvers<void>()
        ends.push({ resolve, reject })
        return promise
      },
    },
    cache: { spaceFor: async () => state.space },
    isOnDisk: () => state.isOnDisk,
    isPlaced: async () => isPlaced,
    owedToOthers: async () => new Map(),
    noteFetched: ignore,
    log: silent,
  }
  const target = { infoHash: INFO_HASH, trackers: [], choice: { kind: 'main' as const } }
  const whenRestIsDue = why === 'first' ? async () => false : () => rest.promise
  const job = new Job(
    why,
    target,
    (own, stopped) => fetchTarget(own, surroundings, whenRestIsDue, stopped),
    0,
  )
  return {
    job,
    asked,
    state,
    restIsDue: rest.resolve,
    later: (ms = 0) => vi.advanceTimersByTimeAsync(ms),
    async end(error?: unknown) {
      await vi.advanceTimersByTimeAsync(0)
      const last = ends.at(-1)
      if (error === undefined) last?.resolve()
      else last?.reject(error)
      await vi.advanceTimersByTimeAsync(0)
    },
  }
}

test('guess "first" fetches the head and tail of the file', async () => {
  const { job, asked, end } = fetching('first')
  await end()
  expect(asked).toEqual(['0-8 96-100'])
  expect(job.describe()).toMatchObject({ state: 'done', name: 'Film.mkv', bytesThere: 12 * MIB })
})

test('guess "next" fetches head and tail, and the rest when it is due', async () => {
  const { job, asked, end, restIsDue, later } = fetching('next')
  await end()
  await later(3_600_000)
  expect(asked).toEqual(['0-8 96-100'])
  restIsDue(true)
  await end()
  expect(asked).toEqual(['0-8 96-100', 'all'])
  expect(job.describe()).toMatchObject({ state: 'done', bytesWanted: SIZE, bytesThere: SIZE })
})

test('guess "all" fetches all of the file being watched', async () => {
  const { asked, end, restIsDue } = fetching('all')
  restIsDue(true)
  await end()
  expect(asked).toEqual(['all'])
})

test('a file that the user placed is not fetched', async () => {
  const { job, asked, later } = fetching('first', { isPlaced: true })
  await later()
  expect([job.describe().state, asked]).toEqual(['done', []])
})

test('a suspended guess is resumed later', async () => {
  const { job, asked, end, later } = fetching('first')
  await end(new SelfStremeError('torrent.busy', 'put aside'))
  expect(job.describe()).toMatchObject({ state: 'waiting', reason: 'put aside' })
  await later(5_000)
  await end()
  expect(asked).toHaveLength(2)
  expect(job.describe().state).toBe('done')
})

test('a guess that was evicted is not fetched again', async () => {
  const { job, asked, state, end, later } = fetching('first')
  await later()
  state.isOnDisk = false
  await end(new SelfStremeError('torrent.busy', 'put aside'))
  await later(3_600_000)
  expect([job.describe().state, asked.length]).toEqual(['failed', 1])
})

test('a guess that no peer has fails and is not retried', async () => {
  const { job, asked, end, later } = fetching('first')
  await end(new SelfStremeError('media.no_peers', 'nobody has it'))
  await later(3_600_000)
  expect([job.describe().state, asked.length]).toEqual(['failed', 1])
})

test.for<[what: string, space: Partial<Space>]>([
  ['CACHE_MAX_SIZE', { maxBytes: 20 * MIB, usedBytes: 9 * MIB, evictableBytes: 9 * MIB }],
  [
    'CACHE_MIN_FREE',
    { disk: { ...ROOMY.disk, freeBytes: 21 * MIB, minFreeBytes: 10 * MIB, evictableBytes: 1e12 } },
  ],
  ['what others are still to fetch', { maxBytes: 20 * MIB, owedBytes: 9 * MIB }],
])('a guess that does not fit beside everything else waits: %s', async ([, space]) => {
  const { job, asked, state, end, later } = fetching('first')
  state.space = { ...ROOMY, ...space }
  await later()
  expect(job.describe()).toMatchObject({ state: 'waiting', reason: expect.stringContaining('no room') })
  expect(asked).toEqual([])
  state.space = ROOMY
  await later(15_000)
  await end()
  expect(job.describe().state).toBe('done')
})

test('stopping a waiting guess ends it at once', async () => {
  const { job, end } = fetching('first')
  await end(new SelfStremeError('torrent.busy', 'put aside'))
  job.stop()
  await job.ended
  expect(job.describe().state).toBe('waiting')
})
