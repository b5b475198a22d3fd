import { rm } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import type { Viewer } from '../../../src/domain/clients/viewer.ts'
import { SelfStremeError } from '../../../src/domain/errors.ts'
import type { KnownTorrent } from '../../../src/torrents/known-torrent.ts'
import {
  FILM,
  PIECE,
  PIECES,
  type TorrentWorld,
  torrentWorld,
  type WorldOptions,
} from '../../support/torrent-world.ts'

const ALL = Array.from({ length: PIECES }, (_, piece) => piece)
const INVALID = { code: 'torrent.invalid', reason: 'it is' } as const
const PATIENT = new AbortController().signal

/** Lets what is scheduled for the end of this turn run. */
async function endOfTurn(): Promise<void> {
  await new Promise(setImmediate)
  await new Promise(setImmediate)
}

function knownOf({ torrent }: TorrentWorld): KnownTorrent {
  if (!torrent.known) throw new Error('the metadata is not known')
  return torrent.known
}

type State = TorrentWorld['torrent']['state']

/** How a torrent comes to be in each state. */
const ARRANGE: Record<State, (options?: WorldOptions) => Promise<TorrentWorld>> = {
  unknown: (options) => torrentWorld(options),
  async seeking(options) {
    const world = await torrentWorld(options)
    await world.torrent.join()
    await expect.poll(() => world.opened.length, { interval: 1 }).toBe(1)
    return world
  },
  async resting(options) {
    const world = await torrentWorld(options)
    await world.torrent.metadata.learn(world.metainfo)
    return world
  },
  async active(options) {
    const world = await ARRANGE.resting(options)
    await world.torrent.join()
    await expect.poll(() => world.opened.length, { interval: 1 }).toBe(1)
    return world
  },
}

const STATES = Object.keys(ARRANGE) as State[]

/** Events of a torrent. */
const EVENTS = {
  'joins the swarm': (world) => world.torrent.join(),
  'finds no slot': async (world) => {
    world.setBusy(true)
    const joining = world.torrent.join()
    if (world.torrent.isInSwarm) await joining
    else await expect(joining).rejects.toMatchObject({ code: 'torrent.busy' })
  },
  'leaves the swarm': (world) => world.torrent.leaveSwarm(),
  'gives way': (world) => world.torrent.giveWay(new SelfStremeError('torrent.busy', 'others')),
  'gets its metadata from a torrent file': (world) => world.torrent.metadata.learn(world.metainfo),
  'gets its metadata from a peer': async (world) => world.torrent.metadata.receive(world.metainfo),
  'fails in the engine': async (world) => {
    world.opened.at(-1)?.on.failed(INVALID)
    await expect.poll(() => world.torrent.swarm.isRunning, { interval: 1 }).toBe(false)
  },
  'opens its files again': (world) => world.torrent.rejoin(),
  'has all its pieces': async (world) => {
    const { torrent, opened } = world
    if (opened.length === 0 || !torrent.known) return
    const watching = torrent.known.reading.watch(0)
    await world.write(ALL)
    await expect.poll(() => torrent.known?.content.isComplete(0)).toBe(true)
    watching[Symbol.dispose]()
  },
  'is saved': (world) => world.torrent.save(),
  'has room on the disk': async (world) => world.torrent.onRoom(),
} satisfies Record<string, (world: TorrentWorld) => Promise<void>>

type EventName = keyof typeof EVENTS

/** The state after every event in every state; `same` where it does not change. */
const TABLE: Record<EventName, Record<State, State | 'same'>> = {
  'joins the swarm': { unknown: 'seeking', seeking: 'same', resting: 'active', active: 'same' },
  'finds no slot': { unknown: 'same', seeking: 'same', resting: 'same', active: 'same' },
  'leaves the swarm': { unknown: 'same', seeking: 'unknown', resting: 'same', active: 'resting' },
  'gives way': { unknown: 'same', seeking: 'unknown', resting: 'same', active: 'resting' },
  'gets its metadata from a torrent file': {
    unknown: 'resting',
    seeking: 'active',
    resting: 'same',
    active: 'same',
  },
  'gets its metadata from a peer': { unknown: 'resting', seeking: 'active', resting: 'same', active: 'same' },
  'fails in the engine': { unknown: 'same', seeking: 'unknown', resting: 'same', active: 'resting' },
  // Without a reader it stays outside.
  'opens its files again': { unknown: 'same', seeking: 'unknown', resting: 'same', active: 'resting' },
  'has all its pieces': { unknown: 'same', seeking: 'same', resting: 'same', active: 'resting' },
  'is saved': { unknown: 'same', seeking: 'same', resting: 'same', active: 'same' },
  'has room on the disk': { unknown: 'same', seeking: 'same', resting: 'same', active: 'same' },
}

const CASES = STATES.flatMap((state) =>
  (Object.keys(EVENTS) as EventName[]).map((event) => ({ state, event, after: TABLE[event][state] })),
)

test('the table has every event in every state', () => {
  expect(CASES).toHaveLength(44)
})

test.for(CASES)('a torrent that is $state and $event: $after', async ({ state, event, after }) => {
  await using world = await ARRANGE[state]()
  expect(world.torrent.state).toBe(state)
  const known = world.torrent.known
  await EVENTS[event](world)
  const expected = after === 'same' ? state : after
  await expect.poll(() => world.torrent.state, { interval: 1 }).toBe(expected)
  // What follows from a state.
  const isInSwarm = expected === 'seeking' || expected === 'active'
  const isKnown = expected === 'resting' || expected === 'active'
  expect([world.torrent.isInSwarm, world.torrent.known !== undefined]).toEqual([isInSwarm, isKnown])
  await expect.poll(() => world.torrent.swarm.isRunning, { interval: 1 }).toBe(isInSwarm)
  expect(world.torrent.lookedForSince !== undefined).toBe(expected === 'seeking')
  if (known) expect(world.torrent.known, 'its files are never made twice').toBe(known)
})

describe('a torrent whose metadata is not known', () => {
  test('and that an earlier run left is known from the start', async () => {
    await using world = await torrentWorld({ isOnDisk: true })
    expect([world.torrent.state, world.torrent.info?.name]).toEqual(['resting', 'Film.mkv'])
    await using whole = await knownOf(world).content.openComplete(0)
    expect(whole).toBeDefined()
    expect(world.torrent.torrentFile?.trackers).toEqual([])
  })

  test('gets it once for all callers that wait', async () => {
    await using world = await torrentWorld()
    const { metadata } = world.torrent
    const waiting = Promise.all([metadata.whenKnown(PATIENT), metadata.whenKnown(PATIENT, 'fetch')])
    await expect.poll(() => world.opened.length, { interval: 1 }).toBe(1)
    world.reports.metainfo(world.metainfo)
    const [one, two] = await waiting
    expect([one === two, one === world.torrent.known]).toEqual([true, true])
  })

  test('takes it from a torrent file that was brought, without peers', async () => {
    await using world = await torrentWorld()
    world.torrent.bring({ metainfo: world.metainfo, trackers: ['udp://tracker.example.org:1'] })
    expect(world.torrent.state).toBe('unknown')
    await world.torrent.metadata.whenKnown(PATIENT)
    expect([world.torrent.state, world.opened.length]).toEqual(['resting', 0])
    expect(world.torrent.trackers.own).toEqual(['udp://tracker.example.org:1'])
  })

  test('and gets it from no peer in time is not waited for again at once', async () => {
    await using world = await torrentWorld()
    const { metadata } = world.torrent
    await expect(metadata.whenKnown(AbortSignal.timeout(20))).rejects.toMatchObject({ name: 'TimeoutError' })
    await expect(metadata.whenKnown(PATIENT)).rejects.toMatchObject({ code: 'media.no_peers' })
    // A download may wait for long.
    const waiting = metadata.whenKnown(PATIENT, 'fetch')
    world.meetPeers()
    world.reports.metainfo(world.metainfo)
    await waiting
  })

  test('fails its waiting callers when it is suspended', async () => {
    await using world = await ARRANGE.seeking()
    const waiting = world.torrent.metadata.whenKnown(PATIENT, 'fetch')
    waiting.catch(() => undefined)
    await endOfTurn()
    await world.torrent.leaveSwarm()
    await expect(waiting).rejects.toMatchObject({ code: 'torrent.busy' })
  })

  test('fails its waiting callers when it fails', async () => {
    await using world = await ARRANGE.seeking()
    const waiting = world.torrent.metadata.whenKnown(PATIENT)
    waiting.catch(() => undefined)
    await endOfTurn()
    world.reports.failed(INVALID)
    await expect(waiting).rejects.toMatchObject({ code: 'torrent.invalid' })
  })

  test('sends it to an engine that is in the swarm already', async () => {
    await using world = await ARRANGE.seeking()
    await world.torrent.metadata.learn(world.metainfo)
    await expect.poll(() => world.opened.at(-1)?.metainfo, { interval: 1 }).toBe(world.metainfo)
    expect([world.torrent.state, world.calls.closed]).toEqual(['active', 1])
  })

  test.for(['unknown', 'seeking'] as const)('and that cannot save it is still %s', async (state) => {
    await using world = await ARRANGE[state]({ isNoteless: true })
    await expect(world.torrent.metadata.learn(world.metainfo)).rejects.toThrow()
    expect([world.torrent.state, world.put]).toEqual([state, []])
  })

  test('and that cannot save what the engine got leaves the swarm', async () => {
    await using world = await ARRANGE.seeking({ isNoteless: true })
    world.reports.metainfo(world.metainfo)
    await expect.poll(() => world.torrent.state, { interval: 1 }).toBe('unknown')
    expect(world.events.warn.map(([message]) => message)).toContainEqual(
      expect.stringMatching(/^Torrent failed/),
    )
    // The next stay asks peers again.
    expect(world.torrent.torrentFile).toBeUndefined()
    await world.torrent.join()
    await expect.poll(() => world.opened.length, { interval: 1 }).toBe(2)
    expect(world.opened.at(-1)?.metainfo).toBeUndefined()
  })
})

describe('a torrent with a reader', () => {
  test('wants first what the reader needs, once per turn', async () => {
    await using world = await ARRANGE.active()
    const { reading } = knownOf(world)
    await endOfTurn()
    const before = world.wanted.length
    using _watching = reading.watch(0)
    using _reader = reading.expectReader(0, 0)
    using _other = reading.expectReader(0, 2 * PIECE)
    expect(world.wanted).toHaveLength(before)
    await endOfTurn()
    expect(world.wanted).toHaveLength(before + 1)
    expect(world.wanted.at(-1)?.map(({ priority }) => priority)).toContain('urgent')
  })

  test('runs dry until its pieces are there, and reports each change once', async () => {
    await using world = await ARRANGE.active()
    const reader = knownOf(world).reading.expectReader(0, 0)
    await endOfTurn()
    expect([world.torrent.isDry, world.dryChanges]).toEqual([true, 1])
    await world.write(ALL)
    await endOfTurn()
    expect([world.torrent.isDry, world.dryChanges]).toEqual([false, 2])
    reader[Symbol.dispose]()
    await endOfTurn()
    expect(world.dryChanges).toBe(2)
  })

  test('fetches in the background only while no other torrent runs dry', async () => {
    await using world = await ARRANGE.active()
    using _watching = knownOf(world).reading.watch(0)
    await endOfTurn()
    expect(world.wanted.at(-1)).toMatchObject([{ priority: 'background' }])
    world.setDryElsewhere(true)
    world.torrent.replan()
    await endOfTurn()
    expect(world.wanted.at(-1)).toEqual([])
  })

  test('gives the bytes as they are verified', async () => {
    await using world = await ARRANGE.active()
    const { reading } = knownOf(world)
    const range = { start: PIECE - 10, end: 2 * PIECE + 9 }
    const read = (async () => {
      const slices: Buffer[] = []
      for await (const slice of reading.read(0, range, undefined, PATIENT)) slices.push(Buffer.from(slice))
      return Buffer.concat(slices)
    })()
    for (const piece of [0, 1, 2]) await world.write([piece])
    expect((await read).equals(FILM.subarray(range.start, range.end + 1))).toBe(true)
  })

  test('joins the swarm when something is missing, and only then', async () => {
    await using world = await torrentWorld({ isOnDisk: true })
    knownOf(world).reading.watch(0)[Symbol.dispose]()
    await endOfTurn()
    expect(world.torrent.state).toBe('resting')
    knownOf(world).content.markMissing([3])
    knownOf(world).reading.watch(0)[Symbol.dispose]()
    await expect.poll(() => world.torrent.state, { interval: 1 }).toBe('active')
  })

  test('can start when a peer is connected, and stops waiting when the swarm fails', async () => {
    await using world = await ARRANGE.active()
    const { reading } = knownOf(world)
    const starting = reading.whenStartable(0, 0, PATIENT)
    expect(reading.isStarting).toBe(true)
    await endOfTurn()
    world.meetPeers()
    await starting
    expect(reading.isStarting).toBe(false)
    world.meetPeers({ peers: 0 })
    const failing = reading.whenStartable(0, 0, PATIENT)
    failing.catch(() => undefined)
    await endOfTurn()
    world.reports.failed(INVALID)
    await expect(failing).rejects.toMatchObject({ code: 'torrent.invalid' })
  })

  test('can start at once when the first byte is on disk, without the swarm', async () => {
    await using world = await torrentWorld({ isOnDisk: true })
    await knownOf(world).reading.whenStartable(0, 0, PATIENT)
    expect([world.torrent.state, world.opened.length]).toEqual(['resting', 0])
  })

  test('opens its files again when one is removed', async () => {
    await using world = await ARRANGE.active()
    const { content, reading } = knownOf(world)
    await world.write([0])
    using _reader = reading.expectReader(0, 0)
    await rm(world.path)
    await content.checkIdentity(0)
    await expect.poll(() => world.opened.length, { interval: 1 }).toBe(2)
    expect([world.torrent.state, content.pieces.isMissing(0)]).toEqual(['active', true])
  })

  test('has a damaged piece fetched again', async () => {
    await using world = await ARRANGE.active()
    const { content } = knownOf(world)
    await world.write([0], () => Buffer.alloc(PIECE))
    content.pieces.markClaimed([0])
    await content.claimed.check(0)
    expect([content.pieces.stateOf(0), world.calls.unverified]).toEqual(['missing', [0]])
  })
})

describe('a torrent that is complete', () => {
  test('leaves the swarm, says so, and is in the index', async () => {
    await using world = await ARRANGE.active()
    using _watching = knownOf(world).reading.watch(0)
    await world.write(ALL)
    await expect.poll(() => world.torrent.state).toBe('resting')
    expect(world.events.info.map(([message]) => message)).toContain('Download complete: Film.mkv')
    expect(world.put.at(-1)?.contents.files[0]?.wholeMtimeMs).toBeDefined()
    expect(world.torrent.isSaved).toBe(true)
  })

  test('stays in the swarm if it is to be shared', async () => {
    await using world = await ARRANGE.active({ seed: true })
    using _watching = knownOf(world).reading.watch(0)
    await world.write(ALL)
    await expect
      .poll(() => world.events.info.map(([message]) => message))
      .toContain('Download complete: Film.mkv')
    expect(world.torrent.state).toBe('active')
  })

  test('is no longer complete when the engine misses a piece', async () => {
    await using world = await ARRANGE.active({ seed: true })
    using _watching = knownOf(world).reading.watch(0)
    await world.write(ALL)
    await expect.poll(() => knownOf(world).content.isComplete(0)).toBe(true)
    world.reports.missing([2])
    expect(knownOf(world).content.isComplete(0)).toBe(false)
    expect(world.put.at(-1)?.contents.files[0]?.wholeMtimeMs).toBeUndefined()
  })
})

describe('a download', () => {
  const ALL_FILES = { files: [0] }

  test('is fetched to its end, and is a watched film only after a viewer', async () => {
    await using world = await ARRANGE.resting()
    const { fetching } = knownOf(world)
    using _attending = world.torrent.users.attend('guess')
    expect(fetching.need(ALL_FILES)).toEqual({ bytes: FILM.length, missingBytes: FILM.length })
    const fetched = fetching.fetch(ALL_FILES, 'guess', PATIENT)
    await expect.poll(() => world.opened.length, { interval: 1 }).toBe(1)
    expect([world.torrent.standing, world.torrent.isFetching]).toEqual(['guessed', true])
    await world.write(ALL)
    await fetched
    expect(fetching.need(ALL_FILES).missingBytes).toBe(0)
    expect(world.put.at(-1)?.origin).toBe('ahead')
    knownOf(world).reading.watch(0)[Symbol.dispose]()
    world.torrent.known?.changed(knownOf(world).content.contents())
    expect(world.put.at(-1)?.origin).toBe('watched')
  })

  test('of parts ends when the parts are there', async () => {
    await using world = await ARRANGE.resting()
    const parts = [{ fileIdx: 0, range: { start: 0, end: PIECE } }]
    const fetched = knownOf(world).fetching.fetch({ files: [], parts }, 'fetch', PATIENT)
    await expect
      .poll(() => world.wanted.at(-1), { interval: 1 })
      .toEqual([{ from: 0, to: 1, priority: 'background' }])
    await world.write([0, 1])
    await fetched
    await endOfTurn()
    expect(world.wanted.at(-1)).toEqual([])
  })

  test.for([
    ['is suspended', (world: TorrentWorld) => world.torrent.leaveSwarm(), 'torrent.busy'],
    ['fails', async (world: TorrentWorld) => world.reports.failed(INVALID), 'torrent.invalid'],
  ] as const)('that %s gets the reason', async ([, end, code]) => {
    await using world = await ARRANGE.resting()
    const fetched = knownOf(world).fetching.fetch(ALL_FILES, 'fetch', PATIENT)
    fetched.catch(() => undefined)
    await expect.poll(() => world.opened.length, { interval: 1 }).toBe(1)
    await end(world)
    await expect(fetched).rejects.toMatchObject({ code })
    expect([world.torrent.standing, world.torrent.isFetching]).toEqual(['idle', false])
  })

  test('notices that its file is gone when files are checked', async () => {
    await using world = await ARRANGE.resting()
    using _attending = world.torrent.users.attend('fetch')
    const stop = new AbortController()
    const fetched = knownOf(world).fetching.fetch(ALL_FILES, 'fetch', stop.signal)
    fetched.catch(() => undefined)
    await expect.poll(() => world.opened.length, { interval: 1 }).toBe(1)
    await world.write([0, 1])
    await rm(world.path)
    await knownOf(world).fetching.checkFiles()
    expect(knownOf(world).content.pieces.isMissing(0)).toBe(true)
    await expect.poll(() => world.opened.length, { interval: 1 }).toBe(2)
    stop.abort()
    await expect(fetched).rejects.toMatchObject({ name: 'AbortError' })
  })
})

describe('the swarm session of a torrent', () => {
  test('passes seeder counts to the index once it knows the torrent, the highest of each stay', async () => {
    await using world = await ARRANGE.seeking()
    world.meetPeers({ peers: 3, seeders: 2 })
    world.meetPeers({ peers: 2, seeders: 1 })
    world.reports.metainfo(world.metainfo)
    await expect.poll(() => world.torrent.metadata.saved.then(() => world.put.length)).toBe(1)
    expect(world.seeders).toEqual([2, 2, 2])
    await world.torrent.leaveSwarm()
    await world.torrent.join()
    await expect.poll(() => world.opened.length, { interval: 1 }).toBe(2)
    world.meetPeers({ peers: 1, seeders: 0 })
    expect(world.seeders.at(-1)).toBe(0)
  })

  test('retries writes for new space only while pieces wait for it', async () => {
    await using world = await ARRANGE.active()
    world.torrent.onRoom()
    expect(world.calls.retried).toBe(0)
    world.reports.diskFull('ENOSPC')
    world.torrent.onRoom()
    expect(world.calls.retried).toBe(1)
    world.reports.diskReady()
    world.torrent.onRoom()
    expect(world.calls.retried).toBe(1)
  })

  test('after a failed disk is back trusts only what was complete', async () => {
    await using world = await ARRANGE.active()
    await world.write([0, 1])
    world.reports.diskFull('EROFS')
    world.reports.diskReady()
    expect(knownOf(world).content.pieces.stateOf(0)).toBe('claimed')
  })

  test('is not started again for the trackers of a new torrent file unless the torrent is private', async () => {
    await using world = await ARRANGE.active()
    world.torrent.bring({ metainfo: world.metainfo, trackers: ['udp://tracker.example.org:1'] })
    await endOfTurn()
    expect(world.opened, 'it is not private').toHaveLength(1)
    expect(world.torrent.trackers.urls).toContain('udp://tracker.example.org:1')
  })

  test('demands no disk space when nothing is wanted', async () => {
    await using world = await ARRANGE.active()
    using reader = knownOf(world).reading.expectReader(0, 0)
    await endOfTurn()
    expect(world.room.demands.size).toBe(1)
    reader[Symbol.dispose]()
    await world.torrent.leaveSwarm()
    await endOfTurn()
    expect(world.room.demands.size).toBe(0)
  })
})

test('viewers of a torrent that gives way get the reason', async () => {
  await using world = await ARRANGE.active()
  const reasons: unknown[] = []
  const viewer: Viewer = { client: 'one', idleSince: undefined, end: (reason) => reasons.push(reason) }
  using _lease = world.torrent.users.lease(viewer)
  const reason = new SelfStremeError('torrent.busy', 'another client')
  await world.torrent.giveWay(reason)
  expect(reasons).toEqual([reason])
})

test('a half watched film is fetched to its end, and one barely begun is not', async () => {
  await using world = await ARRANGE.active()
  const { reading, plan } = knownOf(world)
  await world.write([0])
  reading.watch(0)[Symbol.dispose]()
  expect([plan.isBusy, world.torrent.standing]).toEqual([false, 'idle'])
  await world.write([1, 2, 3, 4])
  reading.watch(0)[Symbol.dispose]()
  expect([plan.isBusy, world.torrent.standing]).toEqual([true, 'wanted'])
})
