import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Space } from '../../../src/cleanup/space.ts'
import type { InfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import type { TorrentInfo } from '../../../src/domain/bittorrent/metainfo.ts'
import { SelfStremeError } from '../../../src/domain/errors.ts'
import { newUsage } from '../../../src/domain/usage.ts'
import { fileOf, Guesses, type GuessParts, type Why } from '../../../src/downloads/guesses.ts'
import { DownloadQueue } from '../../../src/downloads/queue.ts'
import type { Contents } from '../../../src/storage/contents.ts'
import type { FetchAhead, FetchRequest } from '../../../src/torrents/fetch-ahead.ts'
import type { Portion } from '../../../src/torrents/fetching/file-part.ts'
import { recordingLog } from '../../support/recording-log.ts'

const MIB = 1024 * 1024
const SIZE = 100 * MIB
const INFO: TorrentInfo = {
  ...{ name: 'Films', pieceLength: MIB, length: 2 * SIZE, pieceCount: 200, pieceHashes: new Uint8Array() },
  isPrivate: false,
  files: [
    { path: 'Film.mkv', name: 'Film.mkv', length: SIZE, offset: 0, isPadding: false },
    { path: 'Other.mkv', name: 'Other.mkv', length: SIZE, offset: SIZE, isPadding: false },
  ],
}
const ROOMY: Space = {
  ...{ usedBytes: 0, evictableBytes: 0, heldBytes: 0, owedBytes: 0 },
  disk: { freeBytes: 1e12, minFreeBytes: 0, evictableBytes: 0, owedBytes: 0 },
}
/** of the torrent that is being watched */
const WATCHED = 'f'.repeat(40) as InfoHash

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function hashOf(letter: string): InfoHash {
  return letter.repeat(40) as InfoHash
}

function contentsOf(infoHash: InfoHash, changes: Partial<Contents> = {}): Contents {
  const folder = { name: 'Film', directory: '/films', length: SIZE, bytesOnDisk: 0, isWhole: false }
  return { infoHash, ...folder, files: {}, ...changes }
}

/** Guesses in a queue. Their fetches are ended by hand, by the letter of the torrent. */
function startGuesses({ isPlaced = false } = {}) {
  const onDisk = new Map<InfoHash, Contents>([[WATCHED, contentsOf(WATCHED)]])
  const begun: string[] = []
  const ended: string[] = []
  const owedBytes: Record<string, number>[] = []
  const read: InfoHash[] = []
  const running = new Map<string, { resolve: () => void; reject: (error: unknown) => void }>()
  const state = { space: ROOMY }
  const { log, events } = recordingLog()
  let onTorrent: (infoHash: InfoHash) => void = () => undefined
  const torrents: Partial<FetchAhead> = {
    async whenInfo({ infoHash }) {
      if (!onDisk.has(infoHash)) onDisk.set(infoHash, contentsOf(infoHash))
      return INFO
    },
    placeFor: async () => '/films',
    async needOf(_, { files }: Portion) {
      const bytes = files.length > 0 ? SIZE : 12 * MIB
      return { bytes, missingBytes: bytes }
    },
    fetch({ infoHash, files, parts = [], isGuess }: FetchRequest, signal) {
      const letter = infoHash.slice(0, 1)
      const ranges = parts.map(({ range }) => `${range.start / MIB}-${(range.end + 1) / MIB}`)
      begun.push(`${isGuess ? '' : 'not a guess: '}${letter} ${files.length > 0 ? 'all' : ranges.join(' ')}`)
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      running.set(letter, { resolve, reject })
      signal.addEventListener('abort', () => {
        ended.push(letter)
        reject(signal.reason)
      })
      return promise
    },
  }
  const index = {
    find: (infoHash: InfoHash) => onDisk.get(infoHash),
    change(infoHash: InfoHash, how: (usage: ReturnType<typeof newUsage>) => { lastReadAt: number }) {
      if (how(newUsage('ahead', 0)).lastReadAt === Date.now()) read.push(infoHash)
    },
    onTorrent(listener: typeof onTorrent) {
      onTorrent = listener
    },
  }
  const placed = {
    find: async () => (isPlaced ? { [Symbol.asyncDispose]: async () => undefined } : undefined),
  }
  const spaceFor = async (_: InfoHash, _directory: string, owed: ReadonlyMap<InfoHash, number>) => {
    owedBytes.push(Object.fromEntries([...owed].map(([infoHash, bytes]) => [infoHash.slice(0, 1), bytes])))
    return state.space
  }
  const queue = new DownloadQueue(
    { atOnce: 1, stallMs: 600_000 },
    { index, torrents: torrents as FetchAhead, cache: { spaceFor }, log },
  )
  const guesses = new Guesses({
    index,
    placed: placed as unknown as GuessParts['placed'],
    torrents: torrents as FetchAhead,
    queue,
  })
  queue.addProposer(guesses)
  const later = (ms = 0) => vi.advanceTimersByTimeAsync(ms)
  return {
    ...{ queue, guesses, begun, ended, owedBytes, read, state, later, events },
    async add(whom: string, letter: string, why: Why = 'first', fileIdx = 0) {
      const behind = why === 'next' ? { behind: { infoHash: WATCHED, fileIdx: 0 } } : {}
      guesses.add({ ...fileOf(hashOf(letter), fileIdx), why, whom, ...behind })
      await later()
    },
    async end(letter: string, error?: unknown) {
      await later()
      if (error === undefined) running.get(letter)?.resolve()
      else running.get(letter)?.reject(error)
      await later()
    },
    async one() {
      const [first] = await guesses.list()
      return first
    },
    async listed() {
      return (await guesses.list()).map(({ why, infoHash }) => `${why} ${infoHash.slice(0, 1)}`)
    },
    /** The first file of what is being watched is on disk. */
    completeWatched() {
      const file = { name: 'Film.mkv', path: '', size: SIZE, bytesThere: SIZE, wholeMtimeMs: 1 }
      onDisk.set(WATCHED, contentsOf(WATCHED, { files: { 0: file } }))
      onTorrent(WATCHED)
    },
    remove: (infoHash: InfoHash) => onDisk.delete(infoHash),
  }
}

const BUSY = new SelfStremeError('torrent.busy', 'put aside')

test('guess "first" fetches the head and tail of the file', async () => {
  const { add, begun, end, one, read, events } = startGuesses()
  await add('phone', 'a')
  await end('a')
  expect(begun).toEqual(['a 0-8 96-100'])
  expect(await one()).toEqual({
    infoHash: hashOf('a'),
    fileIdx: 0,
    name: 'Film.mkv',
    why: 'first',
    state: 'done',
    reason: undefined,
    bytesWanted: 12 * MIB,
    bytesThere: 12 * MIB,
    beganAt: new Date().toISOString(),
  })
  expect(read).toEqual([hashOf('a')])
  const about = { infoHash: hashOf('a'), why: 'first', what: 'head and tail' }
  expect(events.info).toEqual([
    ['download started: Film.mkv', { ...about, bytes: 12 * MIB, missingBytes: 12 * MIB }],
    ['download complete: Film.mkv', { ...about, bytes: 12 * MIB }],
  ])
})

test('guess "next" fetches head and tail, and the rest when it is due', async () => {
  const { add, begun, end, one, completeWatched, later } = startGuesses()
  await add('phone', 'a', 'next')
  await end('a')
  await later(3_600_000)
  expect(begun).toEqual(['a 0-8 96-100'])
  expect(await one()).toMatchObject({
    state: 'waiting',
    reason: expect.stringContaining('head and tail are complete'),
    bytesWanted: 12 * MIB,
    bytesThere: 12 * MIB,
  })
  completeWatched()
  await end('a')
  expect(begun).toEqual(['a 0-8 96-100', 'a all'])
  expect(await one()).toMatchObject({ state: 'done', bytesWanted: SIZE, bytesThere: SIZE })
})

test('guess "next" ends with head and tail when what was being watched is removed', async () => {
  const { add, begun, end, one, remove, later } = startGuesses()
  await add('phone', 'a', 'next')
  await end('a')
  remove(WATCHED)
  await later(3_600_000)
  expect([(await one())?.state, begun]).toEqual(['done', ['a 0-8 96-100']])
})

test('guess "all" fetches all of the file being watched', async () => {
  const { add, begun, end } = startGuesses()
  await add('phone', 'a', 'all')
  await end('a')
  expect(begun).toEqual(['a all'])
})

test('a file that the user placed is not fetched', async () => {
  const { add, begun, guesses } = startGuesses({ isPlaced: true })
  await add('phone', 'a')
  // It is not in a folder of ours, so there is nothing to list.
  expect([await guesses.list(), begun]).toEqual([[], []])
})

test('a suspended guess is resumed later', async () => {
  const { add, begun, end, later, one, events } = startGuesses()
  await add('phone', 'a')
  await end('a', BUSY)
  expect(await one()).toMatchObject({ state: 'waiting', reason: 'put aside' })
  await later(4_999)
  expect(begun).toHaveLength(1)
  await later(1)
  await end('a')
  expect(begun).toHaveLength(2)
  expect((await one())?.state).toBe('done')
  // That it begins is logged once.
  expect(events.info.map(([message]) => message)).toEqual([
    'download started: Film.mkv',
    'download complete: Film.mkv',
  ])
})

test('a guess that was evicted is not fetched again', async () => {
  const { add, begun, end, later, one, remove } = startGuesses()
  await add('phone', 'a')
  remove(hashOf('a'))
  await end('a', BUSY)
  await later(3_600_000)
  expect([(await one())?.state, begun.length]).toEqual(['failed', 1])
})

test('a guess that no peer has fails and is not retried', async () => {
  const { add, begun, end, later, one, events } = startGuesses()
  await add('phone', 'a')
  await end('a', new SelfStremeError('media.no_peers', 'nobody has it'))
  await later(3_600_000)
  expect([(await one())?.state, begun.length]).toEqual(['failed', 1])
  expect(events.info.at(-1)).toEqual([
    'download failed',
    { infoHash: hashOf('a'), why: 'first', what: 'head and tail', reason: 'nobody has it' },
  ])
})

test.for<[what: string, space: Partial<Space>]>([
  ['CACHE_MAX_SIZE', { maxBytes: 20 * MIB, usedBytes: 9 * MIB, evictableBytes: 9 * MIB }],
  [
    'CACHE_MIN_FREE',
    { disk: { ...ROOMY.disk, freeBytes: 21 * MIB, minFreeBytes: 10 * MIB, evictableBytes: 1e12 } },
  ],
  ['what others are still to fetch', { maxBytes: 20 * MIB, owedBytes: 9 * MIB }],
])('a guess that does not fit beside everything else waits: %s', async ([, space]) => {
  const { add, begun, state, end, later, one } = startGuesses()
  state.space = { ...ROOMY, ...space }
  await add('phone', 'a')
  expect(await one()).toMatchObject({ state: 'waiting', reason: expect.stringContaining('does not fit') })
  expect(begun).toEqual([])
  state.space = ROOMY
  await later(15_000)
  await end('a')
  expect((await one())?.state).toBe('done')
})

test('a guess leaves the space of the other guesses that are being fetched', async () => {
  const { add, owedBytes } = startGuesses()
  await add('phone', 'a')
  await add('tv', 'b', 'all')
  await add('tablet', 'c')
  expect(owedBytes).toEqual([{}, { a: 12 * MIB }, { a: 12 * MIB, b: SIZE }])
})

test('stopping a waiting guess ends it at once', async () => {
  const { add, end, guesses, begun, later } = startGuesses()
  await add('phone', 'a')
  await end('a', BUSY)
  expect(await guesses.stop(hashOf('a'))).toEqual({ stopped: 1 })
  expect(await guesses.list()).toEqual([])
  await later(3_600_000)
  expect(begun).toHaveLength(1)
})

test('a guess replaces the last one of the same kind for the same viewer', async () => {
  const { add, listed, ended } = startGuesses()
  await add('phone', 'a')
  await add('phone', 'b', 'next')
  await add('tv', 'c')
  await add('phone', 'd')
  expect((await listed()).toSorted()).toEqual(['first c', 'first d', 'next b'])
  expect(ended).toEqual(['a'])
})

test('a repeated guess changes nothing, unless the first one failed', async () => {
  const { add, begun, end } = startGuesses()
  await add('phone', 'a')
  await add('phone', 'a')
  expect(begun).toHaveLength(1)
  await end('a', new SelfStremeError('media.no_peers', 'nobody has it'))
  await add('phone', 'a')
  expect(begun).toHaveLength(2)
  await add('phone', 'a', 'first', 1)
  expect(begun).toHaveLength(3)
})

test('at most three guesses of each kind run, and the oldest is stopped', async () => {
  const { add, listed, ended } = startGuesses()
  await add('tv', 'n', 'next')
  for (const letter of 'abcde') await add(`client of ${letter}`, letter)
  expect(await listed()).toEqual(['next n', 'first c', 'first d', 'first e'])
  expect(ended).toEqual(['a', 'b'])
})

test('a guess that the owner stopped does not start again, and the others go on', async () => {
  const { guesses, add, listed, ended } = startGuesses()
  await add('phone', 'a')
  await add('tv', 'b')
  expect(await guesses.stop(hashOf('a'))).toEqual({ stopped: 1 })
  expect(ended).toEqual(['a'])
  await add('phone', 'a')
  await add('tablet', 'a')
  expect(await listed()).toEqual(['first b'])
  await add('phone', 'a', 'next')
  expect(await guesses.stop()).toEqual({ stopped: 2 })
  expect(await listed()).toEqual([])
  await expect(guesses.stop(hashOf('a'))).rejects.toMatchObject({ code: 'cache.unknown' })
})

test('a finished guess whose files were removed is forgotten and may start again', async () => {
  const { add, begun, end, listed, remove } = startGuesses()
  await add('phone', 'a')
  await add('tv', 'b')
  remove(hashOf('a'))
  remove(hashOf('b'))
  expect(await listed()).toEqual(['first a', 'first b'])
  await end('a')
  expect(await listed()).toEqual(['first b'])
  await add('phone', 'a')
  expect(begun.map((each) => each.slice(0, 1))).toEqual(['a', 'b', 'a'])
})

test('closing the queue stops every guess, and waits for its end', async () => {
  const { add, queue, ended, begun, later } = startGuesses()
  await add('phone', 'a')
  await add('tv', 'b')
  await queue[Symbol.asyncDispose]()
  expect(ended).toEqual(['a', 'b'])
  await add('tablet', 'c')
  await later(3_600_000)
  expect(begun).toHaveLength(2)
})
