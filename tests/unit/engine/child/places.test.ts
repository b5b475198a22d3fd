import { expect, test } from 'vitest'
import { mayTakePlace, type Place } from '../../../../src/engine/child/places.ts'

const PLACES = 35
const incoming = (client: string): Place => ({ client, isIncoming: true, isNear: false, isWaiting: false })
const dialled = (client: string): Place => ({ client, isIncoming: false, isNear: false, isWaiting: false })
const waiting = (place: Place): Place => ({ ...place, isWaiting: true })
const near = (place: Place): Place => ({ ...place, isNear: true })

/** How many of these get a place, one after the other. */
function admitted(newcomers: readonly Place[], taken: readonly Place[] = []): number {
  const places = [...taken]
  for (const newcomer of newcomers) if (mayTakePlace(newcomer, places, PLACES)) places.push(newcomer)
  return places.length - taken.length
}

const times = <T>(count: number, make: (n: number) => T): T[] =>
  Array.from({ length: count }, (_, n) => make(n))
const A = '198.51.100.1'

test.for([
  ['peers of one address that come', times(35, () => incoming(A)), [], 4],
  ['peers of one address that we go to', times(35, () => dialled(A)), [], 4],
  ['both together', [...times(3, () => dialled(A)), ...times(30, () => incoming(A))], [], 4],
  ['peers of many addresses that come', times(100, (n) => incoming(`198.51.100.${n}`)), [], 18],
  ['peers of many addresses that we go to', times(60, (n) => dialled(`198.51.100.${n}`)), [], 60],
  [
    'one that comes, beside many that we went to',
    [incoming(A)],
    times(34, (n) => dialled(`192.0.2.${n}`)),
    1,
  ],
  ['one that comes, where all places are taken', [incoming(A)], times(35, (n) => dialled(`192.0.2.${n}`)), 0],
  [
    'one that comes, where all the others wait',
    [incoming(A)],
    times(60, (n) => waiting(dialled(`192.0.2.${n}`))),
    1,
  ],
  ['one that we go to, beside many that came', [dialled(A)], times(18, (n) => incoming(`192.0.2.${n}`)), 1],
  ['peers of one address around us that come', times(35, () => near(incoming('127.0.0.1'))), [], 9],
  ['peers of one address around us that we go to', times(60, () => near(dialled('127.0.0.1'))), [], 60],
  [
    'one that comes from around us, beside many there that we went to',
    [near(incoming('127.0.0.1'))],
    times(20, () => near(dialled('127.0.0.1'))),
    1,
  ],
] as const)('%s', ([, newcomers, taken, expected]) => {
  expect(admitted(newcomers, taken)).toBe(expected)
})

test('where there is a single place, one that comes may have it', () => {
  expect(mayTakePlace(incoming(A), [], 1)).toBe(true)
})
