import { expect, test } from 'vitest'
import { mayTakePlace, type Place } from '../../../../src/engine/child/places.ts'

const PLACES = 35
const incoming = (client: string): Place => ({ client, isIncoming: true, isNear: false, isWaiting: false })
const dialled = (client: string): Place => ({ client, isIncoming: false, isNear: false, isWaiting: false })
const waiting = (place: Place): Place => ({ ...place, isWaiting: true })
const near = (place: Place): Place => ({ ...place, isNear: true })

/** How many of these connections get a place, in order. */
function admitted(newcomers: readonly Place[], taken: readonly Place[] = []): number {
  const places = [...taken]
  for (const newcomer of newcomers) if (mayTakePlace(newcomer, places, PLACES)) places.push(newcomer)
  return places.length - taken.length
}

const times = <T>(count: number, make: (n: number) => T): T[] =>
  Array.from({ length: count }, (_, n) => make(n))
const A = '198.51.100.1'

test.for([
  ['incoming connections from one address', times(35, () => incoming(A)), [], 4],
  ['outgoing connections to one address', times(35, () => dialled(A)), [], 4],
  [
    'incoming and outgoing connections of one address',
    [...times(3, () => dialled(A)), ...times(30, () => incoming(A))],
    [],
    4,
  ],
  ['incoming connections from many addresses', times(100, (n) => incoming(`198.51.100.${n}`)), [], 18],
  ['outgoing connections to many addresses', times(60, (n) => dialled(`198.51.100.${n}`)), [], 60],
  [
    'an incoming connection beside many outgoing ones',
    [incoming(A)],
    times(34, (n) => dialled(`192.0.2.${n}`)),
    1,
  ],
  [
    'an incoming connection when all places are taken',
    [incoming(A)],
    times(35, (n) => dialled(`192.0.2.${n}`)),
    0,
  ],
  [
    'an incoming connection when all others only wait',
    [incoming(A)],
    times(60, (n) => waiting(dialled(`192.0.2.${n}`))),
    1,
  ],
  [
    'an outgoing connection beside many incoming ones',
    [dialled(A)],
    times(18, (n) => incoming(`192.0.2.${n}`)),
    1,
  ],
  ['incoming connections from one nearby address', times(35, () => near(incoming('127.0.0.1'))), [], 9],
  ['outgoing connections to one nearby address', times(60, () => near(dialled('127.0.0.1'))), [], 60],
  [
    'an incoming nearby connection beside many outgoing nearby ones',
    [near(incoming('127.0.0.1'))],
    times(20, () => near(dialled('127.0.0.1'))),
    1,
  ],
] as const)('the number of places for %s', ([, newcomers, taken, expected]) => {
  expect(admitted(newcomers, taken)).toBe(expected)
})

test('with a single place, an incoming connection may have it', () => {
  expect(mayTakePlace(incoming(A), [], 1)).toBe(true)
})
