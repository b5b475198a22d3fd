import { expect, test } from 'vitest'
import type { InfoHash } from '../../../../src/domain/bittorrent/info-hash.ts'
import type { SelfStremeError } from '../../../../src/domain/errors.ts'
import type { Engine, OpenTorrent, PieceWindow } from '../../../../src/engine/engine.ts'
import type { Log } from '../../../../src/observe/log.ts'
import { SwarmSession, type SwarmSessionOptions } from '../../../../src/torrents/fetching/swarm-session.ts'

const INFO_HASH = 'a'.repeat(40) as InfoHash
const METAINFO = Uint8Array.of(1, 2, 3)
const ONE_PEER = { peers: 1, seeders: 1, downloadSpeed: 1_000 }
const NO_PEER = { peers: 0, seeders: 0, downloadSpeed: 0 }
const WINDOW: PieceWindow = { from: 10, to: 20, priority: 'urgent' }
const QUICK = { peerSearchMs: 20, maxRetries: 0 }
/** Longer than any test. */
const PATIENT = { peerSearchMs: 60_000, maxRetries: 4 }

const silent: Log = { error: ignore, warn: ignore, info: ignore, debug: ignore }

function ignore(): void {
  // No listeners.
}

/** A session and a fake engine that only records its calls. */
function startedSession(
  options: SwarmSessionOptions,
  trackers: () => readonly string[] = () => [],
  isShared: () => boolean = () => false,
) {
  const opened: OpenTorrent[] = []
  const wanted: (readonly PieceWindow[])[] = []
  const failures: SelfStremeError[] = []
  const told = { unverified: [] as number[], closed: 0, peersCame: 0 }
  let closing = Promise.resolve()
  let whenOpened: (request: OpenTorrent) => void = ignore
  const engine: Engine = {
    open(request) {
      opened.push(request)
      whenOpened(request)
    },
    want: (_infoHash, windows) => void wanted.push(windows),
    unverify: (_infoHash, piece) => void told.unverified.push(piece),
    retryWrites: ignore,
    async close() {
      await closing
      told.closed++
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
  const session = new SwarmSession(
    engine,
    options,
    {
      infoHash: INFO_HASH,
      directory: '/films',
      claimed: () => undefined,
      goodPeers: () => [],
      keepPeers: ignore,
      trackers,
      ofTorrent: () => [],
      isShared,
      metainfo: async () => undefined,
      verified: ignore,
      missing: ignore,
      opened: ignore,
      wrote: ignore,
      changed: ignore,
      ended: ignore,
      replacing: ignore,
      diskFull: ignore,
      diskReady: ignore,
      stats: ignore,
      peerCame: () => void told.peersCame++,
      failed: (error) => failures.push(error),
    },
    silent,
  )
  session.start()
  return {
    session,
    opened,
    wanted,
    failures,
    told,
    /** the reports that the engine sends to, as of the last time the torrent was opened */
    reports: () => {
      const last = opened.at(-1)
      if (!last) throw new Error('the engine was not asked')
      return last.on
    },
    /** What the engine does from now on when the torrent is opened. */
    onOpen: (act: (request: OpenTorrent) => void) => {
      whenOpened = act
    },
    /** Holds `close` until the returned function is called. */
    holdClosing: () => {
      const held = Promise.withResolvers<void>()
      closing = held.promise
      return held.resolve
    },
  }
}

/** Waits until a session that begins now, without peers, has given up. */
async function untilAnotherGaveUp(peerSearchMs: number): Promise<void> {
  const other = startedSession({ peerSearchMs, maxRetries: 0 })
  await expect.poll(() => other.failures.length, { interval: 5 }).toBe(1)
}

test('a session without peers retries up to its limit and then fails', async () => {
  const { session, opened, failures, told } = startedSession({ peerSearchMs: 20, maxRetries: 2 })
  await expect.poll(() => failures.length, { interval: 5 }).toBe(1)
  expect(opened).toHaveLength(3)
  expect(told.closed).toBe(3)
  expect(failures[0]).toMatchObject({ code: 'media.no_peers', message: expect.stringContaining(INFO_HASH) })
  expect(session.isRunning).toBe(false)
})

test('a session without retries makes one attempt', async () => {
  const { opened, failures } = startedSession(QUICK)
  await expect.poll(() => failures.length, { interval: 5 }).toBe(1)
  expect(opened).toHaveLength(1)
})

test('a session that was stopped has all its attempts when it starts again', async () => {
  const { session, opened, failures } = startedSession({ peerSearchMs: 20, maxRetries: 1 })
  await session.stop()
  const before = opened.length
  session.start()
  await expect.poll(() => failures.length, { interval: 5 }).toBe(1)
  expect(opened.length - before).toBe(2)
})

test('each attempt announces to the trackers again', async () => {
  let asked = 0
  const { opened, failures } = startedSession({ peerSearchMs: 20, maxRetries: 1 }, () => [
    `udp://t${++asked}.org:1`,
  ])
  await expect.poll(() => failures.length, { interval: 5 }).toBe(1)
  expect(opened.map(({ trackers }) => trackers)).toEqual([['udp://t1.org:1'], ['udp://t2.org:1']])
})

test('each attempt has the current windows', async () => {
  const { session, opened, wanted, failures } = startedSession({ peerSearchMs: 20, maxRetries: 2 })
  await expect.poll(() => opened.length, { interval: 1 }).toBe(1)
  session.want([WINDOW])
  await expect.poll(() => failures.length, { interval: 5 }).toBe(1)
  expect(wanted.slice(-2)).toEqual([[WINDOW], [WINDOW]])
  expect(wanted.filter((windows) => windows.includes(WINDOW))).toHaveLength(3)
})

test('metadata received in one attempt is not requested in the next', async () => {
  const { opened, reports, failures } = startedSession({ peerSearchMs: 20, maxRetries: 1 })
  await expect.poll(() => opened.length, { interval: 1 }).toBe(1)
  reports().metainfo(METAINFO)
  await expect.poll(() => failures.length, { interval: 5 }).toBe(1)
  expect(opened.map(({ metainfo }) => metainfo)).toEqual([undefined, METAINFO])
})

test('a peer with metadata keeps the session in the swarm', async () => {
  const { session, opened, reports, failures } = startedSession({ peerSearchMs: 50, maxRetries: 0 })
  await expect.poll(() => opened.length, { interval: 1 }).toBe(1)
  expect(session.isLookingForPeers).toBe(true)
  reports().metainfo(METAINFO)
  reports().stats(ONE_PEER)
  await untilAnotherGaveUp(50)
  expect(failures).toEqual([])
  expect([session.isRunning, session.isLookingForPeers]).toEqual([true, false])

  reports().stats(NO_PEER)
  await untilAnotherGaveUp(50)
  expect(session.isRunning).toBe(true)
  await session.stop()
})

test('a session with something to share stays in the swarm without peers and windows', async () => {
  const alone = { peerSearchMs: 50, maxRetries: 0 }
  const { session, opened, failures, reports } = startedSession(alone, undefined, () => true)
  await expect.poll(() => opened.length, { interval: 1 }).toBe(1)
  reports().metainfo(METAINFO)
  await untilAnotherGaveUp(100)
  expect([session.isRunning, failures]).toEqual([true, []])
  session.want([WINDOW])
  await expect.poll(() => failures.length, { interval: 5 }).toBe(1)
})

test('when all peers have left and pieces are still wanted, the session starts again with all its attempts', async () => {
  const { session, opened, reports, failures } = startedSession({ peerSearchMs: 20, maxRetries: 1 })
  await expect.poll(() => opened.length, { interval: 1 }).toBe(1)
  session.want([WINDOW])
  reports().metainfo(METAINFO)
  reports().stats(ONE_PEER)
  reports().stats(NO_PEER)
  await expect.poll(() => opened.length, { interval: 1 }).toBe(2)
  reports().stats(ONE_PEER)
  reports().stats(NO_PEER)
  await expect.poll(() => opened.length, { interval: 1 }).toBe(3)
  await expect.poll(() => failures.length, { interval: 5 }).toBe(1)
  expect(opened).toHaveLength(3)
})

test('a peer without metadata does not keep the session in the swarm', async () => {
  const { opened, reports, failures } = startedSession(QUICK)
  await expect.poll(() => opened.length, { interval: 1 }).toBe(1)
  reports().stats(ONE_PEER)
  await expect.poll(() => failures.length, { interval: 5 }).toBe(1)
  expect(failures[0]?.code).toBe('media.no_peers')
})

test('peers that never send metadata do not make the attempts endless', async () => {
  const { session, opened, failures, onOpen } = startedSession({ peerSearchMs: 20, maxRetries: 2 })
  onOpen(({ on }) => on.stats(ONE_PEER))
  await expect.poll(() => failures.length, { interval: 5 }).toBe(1)
  expect(opened).toHaveLength(3)
  expect(failures[0]?.code).toBe('media.no_peers')
  expect(session.isRunning).toBe(false)
})

test('a session fails when the engine cannot open the torrent', async () => {
  const { session, opened, failures, told, onOpen } = startedSession(PATIENT)
  const cause = new Error('the channel is closed')
  onOpen(() => {
    throw cause
  })
  await expect.poll(() => failures.length, { interval: 5 }).toBe(1)
  expect(failures[0]).toMatchObject({ code: 'engine.down', message: `${INFO_HASH}: ${cause.message}`, cause })
  expect([opened.length, told.closed, session.isRunning]).toEqual([1, 1, false])
})

test('stopping a session closes the torrent at once, without a failure', async () => {
  const { session, opened, failures, told } = startedSession(PATIENT)
  await expect.poll(() => opened.length, { interval: 1 }).toBe(1)
  await session.stop()
  expect([session.isRunning, told.closed, failures.length]).toEqual([false, 1, 0])
})

test('stopping a session ends its pause between two attempts', async () => {
  const { session, told, failures } = startedSession({ peerSearchMs: 1_000, maxRetries: 4 })
  await expect.poll(() => told.closed, { interval: 5 }).toBe(1)
  const startedAt = performance.now()
  await session.stop()
  expect(performance.now() - startedAt).toBeLessThan(800)
  expect([session.isRunning, failures.length]).toEqual([false, 0])
})

test('stopping a session that is not running does nothing', async () => {
  const { session } = startedSession(PATIENT)
  await session.stop()
  await session.stop()
})

test.for(['torrent.invalid', 'engine.down'] as const)(
  'a session that fails with %s is not retried',
  async (code) => {
    const { session, opened, reports, failures, told } = startedSession(PATIENT)
    await expect.poll(() => opened.length, { interval: 1 }).toBe(1)
    reports().failed({ code, reason: 'because' })
    await expect.poll(() => failures.length, { interval: 5 }).toBe(1)
    expect(failures[0]).toMatchObject({ code, message: `${INFO_HASH}: because` })
    expect([opened.length, told.closed, session.isRunning]).toEqual([1, 1, false])
  },
)

test('starting a session in the pause between two attempts makes the next attempt at once', async () => {
  const { session, opened, told } = startedSession({ peerSearchMs: 1_000, maxRetries: 4 })
  await expect.poll(() => told.closed, { interval: 5 }).toBe(1)
  await new Promise(setImmediate)
  session.start()
  await expect.poll(() => opened.length, { interval: 5, timeout: 800 }).toBe(2)
  await session.stop()
})

test('starting a running session changes nothing', async () => {
  const { session, opened } = startedSession(PATIENT)
  session.start()
  await expect.poll(() => opened.length, { interval: 1 }).toBe(1)
  session.start()
  await new Promise(setImmediate)
  expect(opened).toHaveLength(1)
  await session.stop()
})

test('starting a session while its torrent is being closed waits for the close', async () => {
  const { session, opened, told, holdClosing } = startedSession(PATIENT)
  await expect.poll(() => opened.length, { interval: 1 }).toBe(1)
  const release = holdClosing()
  const stopping = session.stop()
  session.start()
  await new Promise(setImmediate)
  expect([opened.length, told.closed, session.isRunning]).toEqual([1, 0, true])
  release()
  await stopping
  await expect.poll(() => opened.length, { interval: 1 }).toBe(2)
  await session.stop()
})

test('waiting for a peer returns when one connects', async () => {
  const { session, opened, reports } = startedSession(PATIENT)
  await expect.poll(() => opened.length, { interval: 1 }).toBe(1)
  const found = session.whenPeerFound(AbortSignal.timeout(1_000))
  reports().stats(NO_PEER)
  reports().stats(ONE_PEER)
  await found
  await session.whenPeerFound(AbortSignal.timeout(1_000))
  await session.stop()
})

test('waiting for a peer fails after the last attempt, not before', async () => {
  const { session, opened } = startedSession({ peerSearchMs: 20, maxRetries: 1 })
  await expect(session.whenPeerFound(AbortSignal.timeout(1_000))).rejects.toMatchObject({
    code: 'media.no_peers',
  })
  expect(opened).toHaveLength(2)
})

test('waiting for a peer can be aborted', async () => {
  const { session } = startedSession(PATIENT)
  await expect(session.whenPeerFound(AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone')
  expect(session.isRunning).toBe(true)
  await session.stop()
})

test('a window that only lost its front is not sent to the engine again', async () => {
  const { session, opened, wanted } = startedSession(PATIENT)
  await expect.poll(() => opened.length, { interval: 1 }).toBe(1)
  const before = wanted.length
  session.want([WINDOW])
  session.want([{ ...WINDOW, from: 12 }])
  session.want([{ ...WINDOW, from: 12 }])
  expect(wanted.slice(before)).toEqual([[WINDOW]])
  await session.stop()
})

test.for([
  ['goes further', [{ ...WINDOW, to: 21 }]],
  ['begins earlier', [{ ...WINDOW, from: 9 }]],
  ['is of another priority', [{ ...WINDOW, priority: 'background' as const }]],
  ['is gone', []],
  ['got another beside it', [WINDOW, { from: 30, to: 40, priority: 'urgent' as const }]],
] as const)('a window that %s is sent to the engine', async ([, windows]) => {
  const { session, opened, wanted } = startedSession(PATIENT)
  await expect.poll(() => opened.length, { interval: 1 }).toBe(1)
  session.want([WINDOW])
  session.want(windows)
  expect(wanted.at(-1)).toEqual(windows)
  await session.stop()
})

test('a piece that turned out to be wrong is sent to the engine', async () => {
  const { session, told } = startedSession(PATIENT)
  session.unverify(7)
  expect(told.unverified).toEqual([7])
  await session.stop()
})

test('every new peer of every attempt is reported, and none that leaves or stays', async () => {
  const { session, told, onOpen } = startedSession({ peerSearchMs: 20, maxRetries: 1 })
  const toldOf: number[][] = []
  onOpen(({ on }) => {
    const counts = [0, 1, 1, 3, 2, 3].map((peers) => {
      on.stats({ ...NO_PEER, peers })
      return told.peersCame
    })
    toldOf.push(counts)
  })
  await expect.poll(() => toldOf.length).toBe(2)
  expect(toldOf).toEqual([
    [0, 1, 1, 2, 2, 3],
    [3, 4, 4, 5, 5, 6],
  ])
  await session.stop()
})
