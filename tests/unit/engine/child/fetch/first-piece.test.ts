import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { seededRandom } from '../../../../support/random.ts'
import { type SimulatedPeer, simulateSwarm } from '../../../../support/simulated-swarm.ts'

const ROUNDS = 8
const LONGEST_MS = 20_000
const MIB = 1024 * 1024

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'setInterval', 'clearInterval'] }))
afterEach(() => void vi.useRealTimers())

type Random = ReturnType<typeof seededRandom>

/** A libtorrent with an upload limit: it sends every half a second, and unchokes when it does. */
const limited = (random: Random): SimulatedPeer => ({
  bytesPerSecond: 2_000_000,
  oneWayMs: 40,
  everyMs: 500,
  firstAt: 5 * random.int(100),
  unchokesAt: 5 * random.int(100),
})
const fast = { bytesPerSecond: 30_000_000, oneWayMs: 40 }
const slow = { bytesPerSecond: 20_000, oneWayMs: 40 }
const mute = { bytesPerSecond: 0, oneWayMs: 40 }
const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make)

interface Shape {
  /** MiB; default 1 */
  readonly pieceMib?: number
  readonly peers: (random: Random) => SimulatedPeer[]
  /** ms of simulated time, in the median and in the worst of several orders of the peers */
  readonly median: number
  readonly worst: number
}

const SHAPES: Readonly<Record<string, Shape>> = {
  'one fast peer': { peers: () => [fast], median: 130, worst: 130 },
  'three fast peers': { peers: () => times(3, () => fast), median: 110, worst: 110 },
  'three peers that send every half a second': {
    peers: (random) => times(3, () => limited(random)),
    median: 600,
    worst: 750,
  },
  'three of those that unchoked us before': {
    peers: (random) => times(3, () => ({ ...limited(random), unchokesAt: 0 })),
    median: 450,
    worst: 550,
  },
  'five of those that unchoked us before, with pieces of 4 MiB': {
    pieceMib: 4,
    peers: (random) => times(5, () => ({ ...limited(random), unchokesAt: 0 })),
    median: 600,
    worst: 650,
  },
  'three of those among thirty slow peers': {
    peers: (random) => [...times(3, () => limited(random)), ...times(30, () => slow)],
    median: 1_200,
    worst: 1_700,
  },
  'three fast peers among thirty slow ones': {
    peers: () => [...times(3, () => fast), ...times(30, () => slow)],
    median: 400,
    worst: 450,
  },
  'two peers that send every half a second among twenty that never answer': {
    peers: (random) => [...times(2, () => limited(random)), ...times(20, () => mute)],
    median: 1_300,
    worst: 2_400,
  },
  'ten slow peers': { peers: () => times(10, () => slow), median: 5_800, worst: 5_800 },
}

test.for(Object.entries(SHAPES))('the first piece from %s comes in time', async ([, shape]) => {
  const took: number[] = []
  let wasted = 0
  for (let round = 0; round < ROUNDS; round++) {
    const random = seededRandom(round)
    using swarm = simulateSwarm(shuffled(shape.peers(random), random), (shape.pieceMib ?? 1) * MIB)
    took.push(await swarm.verifiedAt(0, LONGEST_MS))
    wasted += swarm.wastedBytes()
  }
  took.sort((a, b) => a - b)
  expect(took[ROUNDS / 2]).toBeLessThanOrEqual(shape.median)
  expect(took.at(-1)).toBeLessThanOrEqual(shape.worst)
  // Blocks that are requested from several peers may come twice, but few do.
  expect(wasted / ROUNDS).toBeLessThan(0.3 * MIB)
})

function shuffled<T>(values: readonly T[], random: Random): T[] {
  const keyed = values.map((value) => ({ value, at: random.int(2 ** 30) }))
  return keyed.sort((a, b) => a.at - b.at).map(({ value }) => value)
}
