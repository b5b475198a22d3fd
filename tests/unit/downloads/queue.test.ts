import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Space } from '../../../src/cleanup/space.ts'
import type { InfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import type { TorrentInfo } from '../../../src/domain/bittorrent/metainfo.ts'
import { SelfStremeError } from '../../../src/domain/errors.ts'
import { newUsage, type Usage } from '../../../src/domain/usage.ts'
import type { Proposal } from '../../../src/downloads/download.ts'
import { OwnerAdditions } from '../../../src/downloads/proposers/owner-additions.ts'
import { DownloadQueue } from '../../../src/downloads/queue.ts'
import type { CacheEntry } from '../../../src/torrent-index/index-entries.ts'
import type { FetchAhead, FetchRequest } from '../../../src/torrents/fetch-ahead.ts'
import { recordingLog } from '../../support/recording-log.ts'

const SIZE = 1000
const SECOND_MS = 1000
const ROOMY: Space = {
  usedBytes: 0,
  evictableBytes: 0,
  heldBytes: 0,
  owedBytes: 0,
  disk: { freeBytes: 1e12, minFreeBytes: 0, evictableBytes: 0, owedBytes: 0 },
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A queue of downloads of one film each; their fetches are ended by hand. */
function startQueue(names: readonly string[], { atOnce = 2, stallMs = 600 * SECOND_MS } = {}) {
  const entries = new Map(names.map((name, at) => [name as InfoHash, added(name, at)]))
  const fetching = new Map<string, { resolve: () => void; reject: (error: unknown) => void }>()
  const begun: string[] = []
  const owed: Record<string, number>[] = []
  const { log, events } = recordingLog()
  let space = ROOMY
  const spaceFor = async (_: InfoHash, _directory: string, bytes: ReadonlyMap<InfoHash, number>) => {
    owed.push(Object.fromEntries(bytes))
    return space
  }
  const torrents: Partial<FetchAhead> = {
    infoOf: async () => infoOf(),
    placeFor: async () => '/films',
    whenInfo: async () => infoOf(),
    fetch({ infoHash }: FetchRequest, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      begun.push(infoHash)
      fetching.set(infoHash, { resolve, reject })
      signal.addEventListener('abort', () => reject(signal.reason))
      return promise.finally(() => fetching.delete(infoHash))
    },
  }
  const index = {
    entries: () => [...entries.values()],
    get: (infoHash: InfoHash) => entries.get(infoHash),
    find: (infoHash: InfoHash) => entries.get(infoHash)?.contents,
    change(infoHash: InfoHash, change: (usage: Usage) => Usage) {
      const entry = entries.get(infoHash)
      if (entry) entries.set(infoHash, { ...entry, usage: change(entry.usage) })
    },
    flush: async () => undefined,
  }
  const queue = new DownloadQueue(
    { atOnce, stallMs },
    { index, torrents: torrents as FetchAhead, cache: { spaceFor }, log },
  )
  queue.addProposer(new OwnerAdditions(index, torrents as FetchAhead))
  queue.look()
  return {
    queue,
    begun,
    owed,
    events,
    usageOf: (name: string) => entries.get(name as InfoHash)?.usage as Usage,
    stateOf: (name: string) => queue.find(name)?.progress.state,
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

function added(name: string, addedAt: number): CacheEntry {
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

function guessOf(name: string): Proposal {
  return {
    ...{ id: name, infoHash: name as InfoHash, trackers: [], priority: 'guessed', addedAt: 0 },
    choose: () => ({ name, portion: { files: [0] } }),
    needOf: async () => ({ bytes: SIZE, missingBytes: SIZE }),
    noteFetched: () => undefined,
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
  const { running, end, usageOf } = startQueue(['a', 'b', 'c', 'd'])
  expect(await running()).toEqual(['a', 'b'])
  await end('b')
  expect(await running()).toEqual(['a', 'c'])
  expect([usageOf('b').wish, usageOf('b').trackers]).toEqual([undefined, undefined])
  expect(usageOf('b').lastReadAt).toBe(Date.now())
  expect(usageOf('a').wish).toBe('main')
})

test('a download without peers lets others run, and is retried after longer and longer pauses', async () => {
  const { running, end, stateOf, begun } = startQueue(['a', 'b', 'c'], { atOnce: 1 })
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
  const { running, end, stateOf } = startQueue(['a'])
  await end('a', new SelfStremeError('torrent.busy', 'put aside'))
  expect(stateOf('a')).toBe('queued')
  await vi.advanceTimersByTimeAsync(10 * SECOND_MS)
  expect(await running()).toEqual(['a'])
})

test('a download that does not fit is refused, and starts as soon as there is space', async () => {
  const { queue, running, stateOf, setSpace } = startQueue(['a'])
  setSpace({ maxBytes: SIZE - 1 })
  expect(await running()).toEqual([])
  expect(queue.find('a')?.progress).toMatchObject({
    state: 'refused',
    reason: expect.stringContaining('CACHE_MAX_SIZE'),
    noRoom: { neededBytes: SIZE, maxBytes: SIZE - 1 },
  })
  await vi.advanceTimersByTimeAsync(20 * SECOND_MS)
  expect(stateOf('a')).toBe('refused')
  setSpace({ maxBytes: SIZE })
  queue.noteRoom()
  expect(await running()).toEqual(['a'])
  expect(stateOf('a')).toBe('fetching')
})

test('a download that can never succeed is not retried', async () => {
  const { running, end, stateOf } = startQueue(['a'])
  await end('a', new SelfStremeError('torrent.invalid', 'no torrent at all'))
  expect(stateOf('a')).toBe('failed')
  await vi.advanceTimersByTimeAsync(7200 * SECOND_MS)
  expect(await running()).toEqual([])
})

test('a download that makes no progress gives way to waiting ones only', async () => {
  const { running, end, come } = startQueue(['slow', 'dead', 'next'], { stallMs: 60 * SECOND_MS })
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
  const { queue, running, end, stateOf } = startQueue(['a'])
  expect(await running()).toEqual(['a'])
  {
    using _paused = await queue.pause('a')
    await vi.advanceTimersByTimeAsync(60 * SECOND_MS)
    expect(await running()).toEqual([])
  }
  expect(await running()).toEqual(['a'])
  await end('a', new SelfStremeError('torrent.invalid', 'no torrent at all'))
  {
    using _paused = await queue.pause('a')
  }
  expect(await running()).toEqual(['a'])
  expect(stateOf('a')).toBe('fetching')
})

test('a closed queue fetches nothing more and keeps its downloads', async () => {
  const { queue, running, usageOf } = startQueue(['a', 'b', 'c'])
  expect(await running()).toEqual(['a', 'b'])
  await queue[Symbol.asyncDispose]()
  await vi.advanceTimersByTimeAsync(60 * SECOND_MS)
  expect(await running()).toEqual([])
  expect(usageOf('a').wish).toBe('main')
})

test('a download whose folder was removed is no longer fetched', async () => {
  const { running, takeAway } = startQueue(['a', 'b'])
  expect(await running()).toEqual(['a', 'b'])
  takeAway('a')
  await vi.advanceTimersByTimeAsync(10 * SECOND_MS)
  expect(await running()).toEqual(['b'])
})

test('guesses run beside the wanted downloads, and do not take their turns', async () => {
  const { queue, running } = startQueue(['a', 'b'], { atOnce: 1 })
  queue.addProposer({ proposals: () => ['g', 'h'].map(guessOf) })
  queue.look()
  expect((await running()).toSorted()).toEqual(['a', 'g', 'h'])
})

test('a new download has to fit beside all wanted ones, but not beside guesses', async () => {
  const { queue, running, come, owed } = startQueue(['a', 'b', 'c'], { atOnce: 1 })
  queue.addProposer({ proposals: () => [guessOf('g')] })
  queue.look()
  await running()
  come('a', 400)
  await queue.assertFits('new' as InfoHash, '/films', { bytes: 1, missingBytes: 1 })
  expect(owed.at(-1)).toEqual({ a: 600, b: 1000, c: 1000 })
})

test('a download has to fit beside those that were added before it, and those that run', async () => {
  const { owed, running, end } = startQueue(['a', 'b', 'c', 'd'])
  await running()
  await end('b', new SelfStremeError('media.no_peers', 'nobody has it'))
  await running()
  expect(owed).toEqual([{ b: 1000 }, { a: 1000 }, { a: 1000, b: 1000 }])
})

test('a download that has failed or was refused takes no space from others', async () => {
  const { queue, running, setSpace, owed } = startQueue(['a', 'b'])
  setSpace({ maxBytes: 1 })
  await running()
  await queue.assertFits('new' as InfoHash, '/films', { bytes: 1, missingBytes: 1 })
  expect(owed.at(-1)).toEqual({})
})

test('a guess has to fit beside all wanted downloads', async () => {
  const { queue, running, owed } = startQueue(['a', 'b'], { atOnce: 1 })
  await running()
  queue.addProposer({ proposals: () => [guessOf('g')] })
  queue.look()
  await running()
  expect(owed.at(-1)).toEqual({ a: 1000, b: 1000 })
})

test('what evicts others is only a wanted download', async () => {
  const { queue, running, setSpace } = startQueue(['a'])
  setSpace({ maxBytes: 1000, usedBytes: 500, evictableBytes: 500 })
  queue.addProposer({ proposals: () => [guessOf('g')] })
  queue.look()
  expect(await running()).toEqual(['a'])
  expect(queue.find('g')?.progress.state).toBe('refused')
})

test('a download that is no longer proposed is stopped and forgotten', async () => {
  const { queue, running } = startQueue([])
  const proposed = ['g', 'h']
  queue.addProposer({ proposals: () => proposed.map(guessOf) })
  queue.look()
  expect(await running()).toEqual(['g', 'h'])
  proposed.pop()
  await queue.drop()
  expect(await running()).toEqual(['g'])
  expect(queue.find('h')).toBeUndefined()
})

test('each step of a download is logged, and the same failure as a warning only once', async () => {
  const { end, running, events } = startQueue(['a'])
  for (let attempt = 0; attempt < 2; attempt++) {
    await end('a', new SelfStremeError('media.no_peers', 'nobody has it'))
    await vi.advanceTimersByTimeAsync(60 * SECOND_MS)
  }
  await running()
  await end('a')
  const fields = { infoHash: 'a', bytes: SIZE }
  expect(events.info).toEqual([
    ['download started: Film.mkv', { ...fields, missingBytes: SIZE }],
    ['download complete: Film.mkv', fields],
  ])
  const failure = ['download postponed', { infoHash: 'a', reason: 'nobody has it' }]
  expect([events.warn, events.debug]).toEqual([[failure], [failure]])
})
