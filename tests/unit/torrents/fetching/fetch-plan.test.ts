import { beforeEach, describe, expect, test } from 'vitest'
import { parseMetainfo } from '../../../../src/domain/bittorrent/metainfo.ts'
import { PieceMap } from '../../../../src/torrents/content/piece-map.ts'
import { ActiveReader } from '../../../../src/torrents/fetching/active-reader.ts'
import { FetchPlan, type PlannedContent } from '../../../../src/torrents/fetching/fetch-plan.ts'
import { torrentOf } from '../../../support/torrent-of.ts'

const MIB = 1024 * 1024
const PIECES = 16
const info = parseMetainfo(torrentOf('Film.mkv', new Uint8Array(PIECES * MIB), MIB))
const ROOMY = { room: { bytes: 1e12, spareBytes: 1e12 }, isDryElsewhere: false }
const [film] = info.files

/** A plan for a film of 16 pieces of 1 MiB. */
function filmPlan() {
  const pieces = new PieceMap(PIECES)
  let changes = 0
  const content: PlannedContent = {
    info,
    pieces,
    file: () => fileOf(),
    missingIn: () => ({ missing: pieces.count('missing', 0, PIECES - 1), of: PIECES }),
  }
  const plan = new FetchPlan(content, () => void changes++)
  return {
    plan,
    pieces,
    get changes() {
      return changes
    },
    readerAt: (position: number) => new ActiveReader(fileOf(), position, PIECES * MIB, 0),
  }
}

function fileOf() {
  if (!film) throw new Error('the film has no file')
  return film
}

let at: ReturnType<typeof filmPlan>
beforeEach(() => {
  at = filmPlan()
})

test('nothing is fetched while nobody wants anything', () => {
  expect(at.plan.next(ROOMY)).toEqual({ windows: [], demand: { bytes: 0, neededBytes: 0 }, isDry: false })
  expect([at.plan.isBusy, at.plan.isFinishing, at.plan.hasReaders, at.plan.hasParts]).toEqual(
    Array(4).fill(false),
  )
})

test('asking what is next changes nothing', () => {
  using _watching = at.plan.watch(0)
  using _reading = at.plan.read(at.readerAt(0))
  const before = at.changes
  expect(at.plan.next(ROOMY)).toEqual(at.plan.next(ROOMY))
  expect(at.changes).toBe(before)
})

describe('every change of who wants what is told once:', () => {
  test.for([
    ['a reader', ({ plan, readerAt }: typeof at) => plan.read(readerAt(0))],
    ['a watcher', ({ plan }: typeof at) => plan.watch(0)],
    ['parts', ({ plan }: typeof at) => plan.fetchParts([{ from: 0, to: 1 }])],
  ] as const)('%s that comes and goes', ([, begin]) => {
    const wanting = begin(at)
    expect([at.changes, at.plan.isBusy]).toEqual([1, true])
    wanting[Symbol.dispose]()
    expect([at.changes, at.plan.isBusy]).toEqual([2, false])
  })

  test('a file that is finished, and is not any more', () => {
    at.plan.finish(0)
    expect([at.changes, at.plan.isFinishing, [...at.plan.wanted]]).toEqual([1, true, [0]])
    at.plan.stopFinishing(0)
    at.plan.stopFinishing(0)
    expect([at.changes, at.plan.isFinishing]).toEqual([2, false])
  })
})

test('a reader gets an urgent window, and is dry until its pieces are there', () => {
  using _reading = at.plan.read(at.readerAt(0))
  const { windows, isDry, demand } = at.plan.next(ROOMY)
  expect(windows[0]).toMatchObject({ from: 0, priority: 'urgent' })
  expect([isDry, demand.neededBytes > 0]).toEqual([true, true])
  at.pieces.markVerified([0, 1, 2])
  expect(at.plan.next(ROOMY).isDry).toBe(false)
})

test('a reader on a full disk is not dry: it could not use any bandwidth', () => {
  using _reading = at.plan.read(at.readerAt(0))
  const { windows, isDry, demand } = at.plan.next({ ...ROOMY, room: { bytes: 0, spareBytes: 0 } })
  expect([windows, isDry, demand.bytes > 0]).toEqual([[], false, true])
})

test('what is watched is fetched in the background, and only while no other torrent is dry', () => {
  using _watching = at.plan.watch(0)
  expect(at.plan.next(ROOMY).windows).toEqual([{ from: 0, to: PIECES - 1, priority: 'background' }])
  expect(at.plan.next({ ...ROOMY, isDryElsewhere: true }).windows).toEqual([])
})

test('parts are fetched beside files, until they are let go', () => {
  const parts = at.plan.fetchParts([
    { from: 1, to: 2 },
    { from: 5, to: 5 },
  ])
  expect([at.plan.hasParts, at.plan.next(ROOMY).windows]).toEqual([
    true,
    [
      { from: 1, to: 2, priority: 'background' },
      { from: 5, to: 5, priority: 'background' },
    ],
  ])
  parts[Symbol.dispose]()
  expect([at.plan.hasParts, at.plan.next(ROOMY).windows]).toEqual([false, []])
})

test('no parts are no reason to be busy', () => {
  using _parts = at.plan.fetchParts([])
  expect([at.plan.hasParts, at.plan.isBusy]).toEqual([false, false])
})

test.for([
  [0, false],
  [7, false],
  [8, true],
  [15, true],
  [16, false],
] as const)(
  'a film of which %i of 16 pieces are there when its last watcher leaves goes on: %s',
  ([there, goesOn]) => {
    at.pieces.markVerified(Array.from({ length: there }, (_, piece) => piece))
    const [one, two] = [at.plan.watch(0), at.plan.watch(0)]
    one[Symbol.dispose]()
    expect([...at.plan.wanted]).toEqual([0])
    expect(at.plan.isFinishing).toBe(false)
    two[Symbol.dispose]()
    expect([at.plan.isFinishing, at.plan.wanted.has(0)]).toEqual([goesOn, goesOn])
  },
)

test('when everything is stopped, watchers stay', () => {
  using _watching = at.plan.watch(0)
  at.plan.finish(1)
  at.plan.stopFinishingAll()
  expect([[...at.plan.wanted], at.plan.isFinishing]).toEqual([[0], false])
})

describe('one file', () => {
  /** Why it is fetched. */
  const STATES = {
    idle: () => undefined,
    watched: () => at.plan.watch(0),
    finishing: () => {
      at.plan.finish(0)
      return undefined
    },
    both: () => {
      at.plan.finish(0)
      return at.plan.watch(0)
    },
  } as const satisfies Record<string, () => Disposable | undefined>
  type State = keyof typeof STATES

  /** @param watching - of the only watcher, if there is one */
  const EVENTS = {
    'gets a watcher': () => at.plan.watch(0),
    'gets a watcher that leaves': () => at.plan.watch(0)[Symbol.dispose](),
    'loses its watcher': (watching) => watching?.[Symbol.dispose](),
    'loses its watcher, and half of it is there': (watching) => {
      at.pieces.markVerified([0, 1, 2, 3, 4, 5, 6, 7])
      watching?.[Symbol.dispose]()
    },
    'is to be fetched to its end': () => at.plan.finish(0),
    'need not be fetched to its end': () => at.plan.stopFinishing(0),
    'is stopped with all others': () => at.plan.stopFinishingAll(),
    'has another one fetched to its end': () => at.plan.finish(1),
  } as const satisfies Record<string, (watching: Disposable | undefined) => unknown>
  type EventName = keyof typeof EVENTS

  const TABLE = {
    'gets a watcher': { idle: 'watched', watched: 'watched', finishing: 'both', both: 'both' },
    'gets a watcher that leaves': {
      idle: 'idle',
      watched: 'watched',
      finishing: 'finishing',
      both: 'both',
    },
    'loses its watcher': { idle: 'idle', watched: 'idle', finishing: 'finishing', both: 'finishing' },
    'loses its watcher, and half of it is there': {
      idle: 'idle',
      watched: 'finishing',
      finishing: 'finishing',
      both: 'finishing',
    },
    'is to be fetched to its end': {
      idle: 'finishing',
      watched: 'both',
      finishing: 'finishing',
      both: 'both',
    },
    'need not be fetched to its end': {
      idle: 'idle',
      watched: 'watched',
      finishing: 'idle',
      both: 'watched',
    },
    'is stopped with all others': { idle: 'idle', watched: 'watched', finishing: 'idle', both: 'watched' },
    'has another one fetched to its end': {
      idle: 'idle',
      watched: 'watched',
      finishing: 'finishing',
      both: 'both',
    },
  } as const satisfies Record<EventName, Record<State, State>>

  const CASES = (Object.keys(STATES) as State[]).flatMap((state) =>
    (Object.keys(EVENTS) as EventName[]).map((event) => ({ state, event, after: TABLE[event][state] })),
  )

  /** Looked at from outside: a watcher is what is left when nothing is fetched to its end. */
  function stateNow(): State {
    const isWanted = at.plan.wanted.has(0)
    at.plan.stopFinishing(1)
    const isFinishing = at.plan.isFinishing
    at.plan.stopFinishing(0)
    const isWatched = at.plan.wanted.has(0)
    expect(isWanted).toBe(isWatched || isFinishing)
    if (isWatched) return isFinishing ? 'both' : 'watched'
    return isFinishing ? 'finishing' : 'idle'
  }

  test('the table has every state with every event', () => {
    expect(CASES).toHaveLength(4 * 8)
    expect(CASES.every(({ after }) => after in STATES)).toBe(true)
  })

  test.for(CASES)('that is $state and $event is $after', ({ state, event, after }) => {
    EVENTS[event](STATES[state]())
    expect(stateNow()).toBe(after)
  })
})

test('a watcher that leaves twice has left once', () => {
  const [one, _two] = [at.plan.watch(0), at.plan.watch(0)]
  one[Symbol.dispose]()
  const { changes } = at
  one[Symbol.dispose]()
  expect([[...at.plan.wanted], at.changes]).toEqual([[0], changes])
})

test('readers and parts that end twice are told once', () => {
  for (const wanting of [at.plan.read(at.readerAt(0)), at.plan.fetchParts([{ from: 0, to: 1 }])]) {
    wanting[Symbol.dispose]()
    const { changes } = at
    wanting[Symbol.dispose]()
    expect(at.changes).toBe(changes)
  }
  expect(at.plan.isBusy).toBe(false)
})

test('when everything is stopped, parts stay: their downloads end them', () => {
  using _parts = at.plan.fetchParts([{ from: 0, to: 1 }])
  at.plan.stopFinishingAll()
  expect([at.plan.hasParts, at.plan.isFinishing]).toEqual([true, true])
})

test('what a reader needs is fetched alone, and then before the background, each piece once', () => {
  using _watching = at.plan.watch(0)
  using _reading = at.plan.read(at.readerAt(4 * MIB))
  const alone = at.plan.next(ROOMY)
  expect(new Set(alone.windows.map(({ priority }) => priority))).toEqual(new Set(['urgent']))
  expect([alone.windows[0]?.from, alone.isDry]).toEqual([4, true])
  at.pieces.markVerified([4, 5, 6])
  const { windows } = at.plan.next(ROOMY)
  const pieces = windows.flatMap(({ from, to }) =>
    Array.from({ length: to - from + 1 }, (_, at) => from + at),
  )
  expect(windows.at(-1)?.priority).toBe('background')
  expect(new Set(pieces).size).toBe(pieces.length)
})

test('when room is short, what readers need is fetched before the rest, and the demand tells what is lacking', () => {
  using _watching = at.plan.watch(0)
  using _reading = at.plan.read(at.readerAt(0))
  const all = at.plan.next(ROOMY)
  const room = { bytes: 2 * MIB, spareBytes: 0 }
  const { windows, demand } = at.plan.next({ ...ROOMY, room })
  expect(windows.map(({ priority }) => priority)).not.toContain('background')
  expect(windows[0]?.from).toBe(0)
  expect(demand).toEqual(all.demand)
})
