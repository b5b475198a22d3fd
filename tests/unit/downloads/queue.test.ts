import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Space } from '../../../src/cleanup/space.ts'
import type { InfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import type { TorrentInfo } from '../../../src/domain/bittorrent/metainfo.ts'
import { SelfStremeError } from '../../../src/domain/errors.ts'
import { newUsage, type Usage } from '../../../src/domain/usage.ts'
import { keepWishes } from '../../../src/downloads/queue.ts'
import type { Log } from '../../../src/observe/log.ts'
import type { CacheEntry } from '../../../src/torrent-index/index-entry.ts'
import type { FetchAhead, FetchRequest } from '../../../src/torrents/fetch-ahead.ts'

const SIZE = 1000
const SECOND_MS = 1000
const silent: Log = { error: ignore, warn: ignore, info: ignore, debug: ignore }
const ROOMY: Space = {
  usedBytes: 0,
  evictableBytes: 0,
  heldBytes: 0,
  owedBytes: 0,
  disk: { freeBytes: 1e12, minFreeBytes: 0, evictableBytes: 0, owedBytes: 0 },
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function ignore(): void {
  // No listeners.
}

/** A queue of downloads of one film each; their fetches are ended by hand. */
function wishing(names: readonly string[], { atOnce = 2, stallMs = 600 * SECOND_MS } = {}) {
  const entries = new Map(names.map((name, at) => [name as InfoHash, wished(name, at)]))
  const fetching = new Map<string, { resolve: () => void; reject: (error: unknown) => void }>()
  const begun: string[] = []
  let space = ROOMY
  const torrents: Partial<FetchAhead> = {
    infoOf: async () => infoOf(),
    whenInfo: async () => infoOf(),
    fetch({ infoHash }: FetchRequest, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      begun.push(infoHash)
      fetching.set(infoHash, { resolve, reject })
      signal.addEventListener('abort', () => reject(signal.reason))
      return promise.finally(() => fetching.delete(infoHash))
    },
  }
  const wishes = keepWishes(
    { atOnce, stallMs },
    {
      entries: () => [...entries.values()],
      get: (infoHash) => entries.get(infoHash),
      change(infoHash, change) {
        const entry = entries.get(infoHash)
        if (entry) entries.set(infoHash, { ...entry, usage: change(entry.usage) })
      },
      flush: async () => undefined,
    },
    torrents as FetchAhead,
    { spaceFor: async () => space },
    silent,
  )
  wishes.look()
  return {
    wishes,
    begun,
    usageOf: (name: string) => entries.get(name as InfoHash)?.usage as Usage,
    stateOf: (name: string) => wishes.progressOf(name as InfoHash)?.state,
    /** The downloads being fetched now. */
    async running() {
      await vi.advanceTimersByTimeAsync(0)
      return [...fetching.keys()]
    },
    async end(name: string, error?: unknown) {
      await vi.advanceTimersByTimeAsync(0)
      if (error === undefined) fetching.get(name)?.resolve()
      else fetching.get(name)?.reject(error)
      await vi.advanceTimersByTimeAsync(0)
    },
    come(name: string, bytesThere: number) {
      const entry = entries.get(name as InfoHash) as CacheEntry
      const files = { 0: { name: 'Film.mkv', path: '', size: SIZE, bytesThere } }
      entries.set(name as InfoHash, { ...entry, contents: { ...entry.contents, files } })
    },
    takeAway: (name: string) => entries.delete(name as InfoHash),
    setSpace: (changes: Partial<Space>) => {
      space = { ...ROOMY, ...changes }
    },
  }
}

function wished(name: string, addedAt: number): CacheEntry {
  const contents = {
    name,
    directory: `/films/${name}`,
    length: SIZE,
    bytesOnDisk: 0,
    files: {},
  }
  return {
    contents: { ...contents, infoHash: name as InfoHash },
    usage: { ...newUsage('added', addedAt), wish: 'main', trackers: ['udp://tracker.example:1'] },
  }
}

function infoOf(): TorrentInfo {
  const file = { path: 'Film.mkv', name: 'Film.mkv', length: SIZE, offset: 0, isPadding: false }
  const pieceHashes = new Uint8Array(20)
  return {
    name: 'Film.mkv',
    files: [file],
    length: SIZE,
    pieceLength: 16_384,
    pieceCount: 1,
    pieceHashes,
    isPrivate: false,
  }
}

test('downloads run so many at a time, in the order in which they were added', async () => {
  const { running, end, usageOf } = wishing(['a', 'b', 'c', 'd'])
  expect(await running()).toEqual(['a', 'b'])
  await end('b')
  expect(await running()).toEqual(['a', 'c'])
  expect([usageOf('b').wish, usageOf('b').trackers]).toEqual([undefined, undefined])
  expect(usageOf('b').lastReadAt).toBe(Date.now())
  expect(usageOf('a').wish).toBe('main')
})

test('a download without peers lets others run, and is retried after longer and longer pauses', async () => {
  const { running, end, stateOf, begun } = wishing(['a', 'b', 'c'], { atOnce: 1 })
  const nobody = new SelfStremeError('media.no_peers', 'nobody has it')
  await end('a', nobody)
  expect(stateOf('a')).toBe('queued')
  expect(await running()).toEqual(['b'])
  await end('b', nobody)
  expect(await running()).toEqual(['c'])
  await end('c')
  expect(await running()).toEqual([])
  await vi.advanceTimersByTimeAsync(35 * SECOND_MS)
  expect(begun).toEqual(['a', 'b', 'c', 'a'])
  await end('a', nobody)
  await end('b')
  await vi.advanceTimersByTimeAsync(50 * SECOND_MS)
  expect(await running()).toEqual([])
  await vi.advanceTimersByTimeAsync(20 * SECOND_MS)
  expect(await running()).toEqual(['a'])
})

test('a download suspended for a viewer is resumed soon', async () => {
  const { running, end, stateOf } = wishing(['a'])
  await end('a', new SelfStremeError('torrent.busy', 'put aside'))
  expect(stateOf('a')).toBe('queued')
  await vi.advanceTimersByTimeAsync(10 * SECOND_MS)
  expect(await running()).toEqual(['a'])
})

test('a download that does not fit is refused, and starts as soon as there is space', async () => {
  const { wishes, running, stateOf, setSpace } = wishing(['a'])
  setSpace({ maxBytes: SIZE - 1 })
  expect(await running()).toEqual([])
  expect(wishes.progressOf('a' as InfoHash)).toMatchObject({
    state: 'refused',
    reason: expect.stringContaining('CACHE_MAX_SIZE'),
    noRoom: { neededBytes: SIZE, maxBytes: SIZE - 1 },
  })
  await vi.advanceTimersByTimeAsync(20 * SECOND_MS)
  expect(stateOf('a')).toBe('refused')
  setSpace({ maxBytes: SIZE })
  wishes.noteRoom()
  expect(await running()).toEqual(['a'])
  expect(stateOf('a')).toBe('running')
})

test('a download that can never succeed is not retried', async () => {
  const { running, end, stateOf } = wishing(['a'])
  await end('a', new SelfStremeError('torrent.invalid', 'no torrent at all'))
  expect(stateOf('a')).toBe('failed')
  await vi.advanceTimersByTimeAsync(7200 * SECOND_MS)
  expect(await running()).toEqual([])
})

test('a download that makes no progress gives way to waiting ones only', async () => {
  const { running, end, come } = wishing(['slow', 'dead', 'next'], { stallMs: 60 * SECOND_MS })
  for (let bytes = 1; bytes <= 8; bytes++) {
    come('slow', bytes)
    await vi.advanceTimersByTimeAsync(10 * SECOND_MS)
  }
  expect(await running()).toEqual(['slow', 'next'])
  await end('next')
  await vi.advanceTimersByTimeAsync(200 * SECOND_MS)
  // Neither makes progress, and no other download waits.
  expect(await running()).toEqual(['slow', 'dead'])
})

test('a paused download is not fetched, and its earlier failures are forgotten', async () => {
  const { wishes, running, end, stateOf } = wishing(['a'])
  expect(await running()).toEqual(['a'])
  {
    using _paused = await wishes.pause('a' as InfoHash)
    await vi.advanceTimersByTimeAsync(60 * SECOND_MS)
    expect(await running()).toEqual([])
  }
  expect(await running()).toEqual(['a'])
  await end('a', new SelfStremeError('torrent.invalid', 'no torrent at all'))
  {
    using _paused = await wishes.pause('a' as InfoHash)
  }
  expect(await running()).toEqual(['a'])
  expect(stateOf('a')).toBe('running')
})

test('a closed queue fetches nothing more and keeps its downloads', async () => {
  const { wishes, running, usageOf } = wishing(['a', 'b', 'c'])
  expect(await running()).toEqual(['a', 'b'])
  await wishes[Symbol.asyncDispose]()
  await vi.advanceTimersByTimeAsync(60 * SECOND_MS)
  expect(await running()).toEqual([])
  expect(usageOf('a').wish).toBe('main')
})

test('a download whose folder was removed is no longer fetched', async () => {
  const { running, takeAway } = wishing(['a', 'b'])
  expect(await running()).toEqual(['a', 'b'])
  takeAway('a')
  await vi.advanceTimersByTimeAsync(10 * SECOND_MS)
  expect(await running()).toEqual(['b'])
})
