import { once } from 'node:events'
import { expect, test } from 'vitest'
import type { InfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import { localFileId } from '../../../src/domain/bittorrent/local-file-id.ts'
import { type FileChoice, MAIN_FILE } from '../../../src/domain/choice/file-choice.ts'
import type { UserVideo } from '../../../src/files/user-video.ts'
import type { PlacedQuery } from '../../../src/placed/placed-files.ts'
import { type MediaRequest, mediaOpener, type VideoStores } from '../../../src/streaming/open-media.ts'
import { type Reading, ReadNotes } from '../../../src/streaming/reads.ts'
import type { TorrentStream } from '../../../src/torrents/torrent-stream.ts'
import { recordingLog } from '../../support/recording-log.ts'

const HASH = 'ab'.repeat(20) as InfoHash
const LOCAL = localFileId('cd'.repeat(20))
const SLICES = [Buffer.from('ab'), Buffer.from('cdef')]
const REQUEST: MediaRequest = { infoHash: HASH, choice: MAIN_FILE, trackers: [], client: '10.0.0.1' }
const SILENT = recordingLog().log
const { signal: stays } = new AbortController()

async function* slices() {
  yield* SLICES
}

function stream(more: Partial<TorrentStream> = {}): TorrentStream {
  return {
    ...{ infoHash: HASH, fileIdx: 3, name: 'Show.S01E02.mkv', size: 6, path: '/films/e2.mkv', isWhole: true },
    whenStartable: async () => undefined,
    read: slices,
    [Symbol.asyncDispose]: async () => undefined,
    ...more,
  }
}

function userVideo(more: Partial<UserVideo> = {}): UserVideo {
  return {
    ...{ name: 'Film.mp4', path: '/films/Film.mp4', size: 255, mtimeMs: 16.5 },
    noteRead: () => undefined,
    read: slices,
    [Symbol.asyncDispose]: async () => undefined,
    ...more,
  }
}

type Torrents = VideoStores['torrents']

interface World {
  readonly torrents?: Partial<Torrents>
  readonly placed?: VideoStores['placed']['find']
  readonly local?: VideoStores['local']['open']
  readonly follow?: (reading: Reading) => void
  /** a torrent is being read */
  readonly noteRead?: () => void
  readonly answerMs?: number
}

/** A server with nothing but what is given; `calls` records the calls in order. */
function world({
  torrents = {},
  placed,
  local,
  follow,
  noteRead = () => undefined,
  answerMs = 60_000,
}: World = {}) {
  const calls: [who: string, ...unknown[]][] = []
  const open = mediaOpener(
    { answerMs },
    {
      torrents: {
        isKnown: () => false,
        isAtHand: () => false,
        findWhole: async (_infoHash, choice) => void calls.push(['whole', choice]),
        getStream: async (magnet, { choice, named } = {}) => {
          calls.push(['swarm', magnet, choice, named])
          return stream({ isWhole: false })
        },
        ...torrents,
      },
      placed: {
        find: async (...query) => {
          const [{ infoHash, choice, name }] = query
          calls.push(['placed', { infoHash, choice, name }])
          return placed?.(...query)
        },
      },
      local: { open: async (...query) => local?.(...query) },
    },
    new ReadNotes({ noteRead, notePlay: (...read) => void calls.push(['play', ...read]) }, follow, SILENT),
    {
      trackers: {
        sort: (_infoHash, urls) => ({
          listed: urls.filter((url) => url.includes('listed')),
          others: urls.filter((url) => !url.includes('listed')),
        }),
      },
      files: {
        find: (_infoHash, { kind }) => (kind === 'main' ? { name: 'Listed.mkv', size: 77 } : undefined),
      },
    },
  )
  return { open, calls }
}

test('a file that is complete on disk is opened without asking for placed files or peers', async () => {
  const choice: FileChoice = { kind: 'file', fileIdx: 3 }
  const { open, calls } = world({ torrents: { findWhole: async () => stream() } })
  const media = await open({ ...REQUEST, choice }, stays)
  expect(media).toMatchObject({
    ...{ name: 'Show.S01E02.mkv', size: 6, contentType: 'video/x-matroska' },
    ...{ etag: `"${HASH}-3"`, wholeAt: '/films/e2.mkv' },
  })
  expect(calls).toEqual([])
})

test.for<FileChoice>([
  { kind: 'main' },
  { kind: 'file', fileIdx: 2 },
  { kind: 'episode', season: 1, episode: 2 },
  { kind: 'only' },
])('disk, placed files and swarm are tried in this order for %j', async (choice) => {
  const { open, calls } = world()
  const media = await open({ ...REQUEST, choice, name: 'e2.mkv' }, stays)
  expect(media.wholeAt).toBeUndefined()
  expect(calls).toMatchObject([
    ['whole', choice],
    ['placed', { infoHash: HASH, choice, name: 'e2.mkv' }],
    ['swarm', expect.any(String), choice, { trackers: [], client: '10.0.0.1' }],
  ])
})

test('a placed file is opened before peers are asked, and has its modification date', async () => {
  const { open, calls } = world({ placed: async () => userVideo() })
  const media = await open(REQUEST, stays)
  expect(media).toMatchObject({
    ...{ name: 'Film.mp4', size: 255, contentType: 'video/mp4', wholeAt: '/films/Film.mp4' },
    ...{ etag: '"ff-10"', lastModified: new Date(16) },
  })
  expect(calls).toHaveLength(2)
})

test.for([true, false])('a placed file must be verified if its torrent is known: %s', async (isAtHand) => {
  const asked: (boolean | undefined)[] = []
  const placed = async (_wanted: PlacedQuery, _signal: AbortSignal, mustBeVerified?: () => boolean) => {
    asked.push(mustBeVerified?.())
    return undefined
  }
  await world({ placed, torrents: { isAtHand: () => isAtHand } }).open(REQUEST, stays)
  expect(asked).toEqual([isAtHand])
})

test('only trackers that a list named are in the magnet link; the others count for the client', async () => {
  const { open, calls } = world()
  const trackers = ['udp://listed.org:1', 'udp://other.org:1']
  await open({ ...REQUEST, trackers }, stays)
  expect(calls.at(-1)).toEqual([
    'swarm',
    `magnet:?xt=urn:btih:${HASH}&tr=${encodeURIComponent('udp://listed.org:1')}`,
    MAIN_FILE,
    { trackers: ['udp://other.org:1'], client: '10.0.0.1' },
  ])
})

test('no peer is asked for a private torrent whose metadata is unknown', async () => {
  const { open, calls } = world()
  await expect(open({ ...REQUEST, isPrivate: true }, stays)).rejects.toMatchObject({
    code: 'media.not_found',
  })
  expect(calls.map(([who]) => who)).toEqual(['whole', 'placed'])
  const known = world({ torrents: { isKnown: () => true } })
  await known.open({ ...REQUEST, isPrivate: true }, stays)
  expect(known.calls.at(-1)?.[0]).toBe('swarm')
})

test('a HEAD request for an unknown torrent is answered from the list, which has no bytes', async () => {
  const { open, calls } = world()
  const media = await open({ ...REQUEST, onlyHead: true }, stays)
  expect(media).toMatchObject({ name: 'Listed.mkv', size: 77, etag: undefined })
  expect(() => media.read({ start: 0, end: 1 }, stays)).toThrow('is known only from a list')
  await expect(media.whenStartable(0)).rejects.toThrow('is known only from a list')
  expect(calls.map(([who]) => who)).toEqual(['whole', 'placed'])
})

test.for<readonly [string, Partial<MediaRequest>, Partial<Torrents>]>([
  ['of a file that no list named', { choice: { kind: 'episode', episode: 9 }, onlyHead: true }, {}],
  ['of a torrent that is known', { onlyHead: true }, { isKnown: () => true }],
  ['for bytes', { onlyHead: false }, {}],
])('a request %s is not answered from the list', async ([, more, torrents]) => {
  const { open, calls } = world({ torrents })
  expect((await open({ ...REQUEST, ...more }, stays)).name).toBe('Show.S01E02.mkv')
  expect(calls.at(-1)?.[0]).toBe('swarm')
})

test.for<readonly [FileChoice, boolean]>([
  [{ kind: 'main' }, true],
  [{ kind: 'only' }, true],
  [{ kind: 'file', fileIdx: 0 }, true],
  [{ kind: 'file', fileIdx: 1 }, false],
  [{ kind: 'episode', episode: 1 }, false],
])('of a file that is in no torrent, %j is there: %s', async ([choice, isThere]) => {
  const { open, calls } = world({ local: async (id) => (id === LOCAL ? userVideo() : undefined) })
  const opened = open({ ...REQUEST, infoHash: LOCAL, choice }, stays)
  if (isThere) expect((await opened).name).toBe('Film.mp4')
  else await expect(opened).rejects.toMatchObject({ code: 'media.not_found' })
  expect(calls).toEqual([])
})

test.for([
  ['ENOENT', 'media.not_found'],
  ['EIO', 'EIO'],
])('a file in no torrent that fails to open with %s is answered with %s', async ([code, expected]) => {
  const local = () => Promise.reject(Object.assign(new Error('open'), { code }))
  const opened = world({ local }).open({ ...REQUEST, infoHash: LOCAL }, stays)
  await expect(opened).rejects.toMatchObject({ code: expected })
})

test('media.no_peers is thrown when nothing answers in time, and the reason of a client that left stays', async () => {
  const getStream: Torrents['getStream'] = async (_magnet, { signal } = {}) => {
    const aborted = signal?.aborted ? undefined : once(signal ?? stays, 'abort')
    await aborted
    throw signal?.reason
  }
  const late = world({ torrents: { getStream }, answerMs: 20 })
  await expect(late.open(REQUEST, stays)).rejects.toMatchObject({ code: 'media.no_peers' })
  const left = new AbortController()
  const opened = world({ torrents: { getStream } }).open(REQUEST, left.signal)
  left.abort(new Error('left'))
  await expect(opened).rejects.toThrow('left')
})

test('a read is noted at once, and each slice is reported when the next one is requested', async () => {
  const read: unknown[] = []
  const { open, calls } = world({
    torrents: { findWhole: async () => stream() },
    noteRead: () => void read.push('noted'),
    follow: (reading) => void read.push(reading.sent),
  })
  const media = await open(REQUEST, stays)
  for await (const slice of media.read({ start: 10, end: 15 }, stays)) read.push(String(slice))
  expect(read).toEqual(['noted', 'ab', { start: 10, end: 11 }, 'cdef', { start: 12, end: 15 }])
  // The file is handed off to another program.
  media.noteRead()
  expect(read.slice(5)).toEqual(['noted', undefined])
  // When its reader leaves, it was read until now.
  await media[Symbol.asyncDispose]()
  expect(read.slice(7)).toEqual(['noted', 'noted'])
  expect(calls).toEqual([
    ['play', HASH, 3, '10.0.0.1'],
    ['play', HASH, 3, '10.0.0.1'],
  ])
})

test('closing the media closes what was opened for it', async () => {
  const closed: string[] = []
  const closing = (name: string) => ({ [Symbol.asyncDispose]: async () => void closed.push(name) })
  const whole = world({ torrents: { findWhole: async () => stream(closing('whole')) } })
  await (await whole.open(REQUEST, stays))[Symbol.asyncDispose]()
  const partial = world({ torrents: { getStream: async () => stream(closing('partial')) } })
  await (await partial.open(REQUEST, stays))[Symbol.asyncDispose]()
  const placed = world({ placed: async () => userVideo(closing('placed')) })
  await (await placed.open(REQUEST, stays))[Symbol.asyncDispose]()
  expect(closed).toEqual(['whole', 'partial', 'placed'])
})
