import { expect, test } from 'vitest'
import { isNearlyThrough, isPlayed, type Run, withRead } from '../../../src/downloads/played-runs.ts'

const MIB = 1024 * 1024
const MINUTE = 60_000
/** 45 minutes at 2 MiB/s */
const SIZE = 5400 * MIB

type Read = readonly [fromMib: number, toMib: number, atMinute?: number]

function runsOf(...reads: readonly Read[]): Run[] {
  return reads.reduce<Run[]>(
    (runs, [from, to, at = 0]) => withRead(runs, from * MIB, to * MIB, at * MINUTE),
    [],
  )
}

interface Row {
  readonly what: string
  readonly reads: readonly Read[]
  readonly size?: number
  readonly now?: number
  readonly isPlayed: boolean
  readonly isNearlyThrough: boolean
}

test.for<Row>([
  { what: 'no reads', reads: [], isPlayed: false, isNearlyThrough: false },
  { what: 'a read of the head', reads: [[0, 4]], isPlayed: false, isNearlyThrough: false },
  {
    what: 'reads of head and tail, and of the head again',
    reads: [
      [0, 2],
      [5392, 5400],
      [0, 8],
      [5396, 5400],
    ],
    isPlayed: false,
    isNearlyThrough: false,
  },
  { what: 'the beginning', reads: [[0, 20]], isPlayed: true, isNearlyThrough: false },
  {
    what: 'the beginning, and a read of the tail',
    reads: [
      [0, 20],
      [5392, 5400],
    ],
    isPlayed: true,
    isNearlyThrough: false,
  },
  { what: 'four fifths', reads: [[0, 4320]], isPlayed: true, isNearlyThrough: true },
  { what: 'a little less', reads: [[0, 4300]], isPlayed: true, isNearlyThrough: false },
  {
    what: 'four fifths in many small reads',
    reads: [
      [4300, 4305],
      [4305, 4310],
      [4309.5, 4316],
      [4316, 4321],
    ],
    isPlayed: true,
    isNearlyThrough: true,
  },
  {
    what: 'the beginning, and a jump to near the end',
    reads: [
      [0, 20],
      [5000, 5020],
    ],
    isPlayed: true,
    isNearlyThrough: true,
  },
  {
    what: 'a jump there and back',
    reads: [
      [0, 20],
      [5000, 5004],
      [20, 40],
    ],
    isPlayed: true,
    isNearlyThrough: false,
  },
  {
    what: 'sound and picture apart',
    reads: [
      [0, 10],
      [100, 110],
      [10, 20],
      [110, 120],
    ],
    isPlayed: true,
    isNearlyThrough: false,
  },
  {
    what: 'ten minutes left, at the pace of a 20 minute episode',
    size: 1000 * MIB,
    reads: [
      [0, 10, 0],
      [10, 510, 10],
    ],
    now: 10,
    isPlayed: true,
    isNearlyThrough: true,
  },
  {
    what: 'more than ten minutes left, at the pace of a 20 minute episode',
    size: 1000 * MIB,
    reads: [
      [0, 10, 0],
      [10, 400, 8],
    ],
    now: 8,
    isPlayed: true,
    isNearlyThrough: false,
  },
  {
    what: 'half of it in a buffer, all at once',
    reads: [[0, 2800, 0]],
    now: 0.5,
    isPlayed: true,
    isNearlyThrough: false,
  },
  {
    what: 'a twentieth of a short file',
    size: 20 * MIB,
    reads: [[0, 1]],
    isPlayed: true,
    isNearlyThrough: false,
  },
])('whether a file is played and nearly finished after: $what', ({ reads, size = SIZE, now = 0, ...row }) => {
  const runs = runsOf(...reads)
  expect({
    isPlayed: isPlayed(runs, size),
    isNearlyThrough: isNearlyThrough(runs, size, now * MINUTE),
  }).toEqual({ isPlayed: row.isPlayed, isNearlyThrough: row.isNearlyThrough })
})

test('only a few runs are remembered, however many jumps there are', () => {
  const jumps = Array.from({ length: 100 }, (_, at): Read => [at * 50, at * 50 + 1])
  expect(runsOf(...jumps).length).toBeLessThanOrEqual(4)
})
