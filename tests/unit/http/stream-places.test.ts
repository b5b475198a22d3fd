import { afterEach, expect, test } from 'vitest'
import { type StreamPlace, StreamPlaces } from '../../../src/http/stream-places.ts'

const HOME = '203.0.113.7'
let now = 0
let waiting = 0
let opened: StreamPlaces[] = []

function open(): StreamPlaces {
  now = 0
  waiting = 0
  const places = new StreamPlaces({ clock: () => now, waitingForMemory: () => waiting })
  opened.push(places)
  return places
}

afterEach(() => {
  for (const places of opened) places[Symbol.dispose]()
  opened = []
})

function enter(places: StreamPlaces, count: number, client = HOME): StreamPlace[] {
  return Array.from({ length: count }, () => places.enter(client))
}

function ended(places: readonly StreamPlace[]): boolean[] {
  return places.map((place) => place.ended.aborted)
}

test.for([
  ['203.0.113.7', 24],
  ['2001:db9:1:2::/64', 24],
  ['192.168.1.20', 96],
  ['127.0.0.1', 96],
  ['fd12:0:0:0::/64', 96],
] as const)('client %s may have %i streams at a time', ([client, most]) => {
  const places = open()
  const own = enter(places, most, client)
  expect(() => places.enter(client)).toThrow(expect.objectContaining({ code: 'client.limit' }))
  places.enter('198.51.100.1')
  own[0]?.[Symbol.dispose]()
  places.enter(client)
  expect(ended(own)).not.toContain(true)
})

test('at the limit, a stream whose client reads nothing gives way to the next of the same client', () => {
  const places = open()
  const own = enter(places, 24)
  for (const place of own) place.handOut()
  own[3]?.taken()
  own[0]?.taken()
  now = 9_999
  expect(() => places.enter(HOME)).toThrow(expect.objectContaining({ code: 'client.limit' }))
  now = 10_000
  places.enter(HOME)
  expect(ended(own).flatMap((isEnded, index) => (isEnded ? [index] : []))).toEqual([1])
  expect(own[1]?.ended.reason).toMatchObject({ code: 'client.limit' })
})

test('at the limit, a stream that has waited long for its first byte gives way too', () => {
  const places = open()
  const [first] = enter(places, 1)
  now = 5_000
  enter(places, 23)
  now = 10_000
  places.enter(HOME)
  expect(first?.ended.aborted).toBe(true)
})

test('a stream whose client reads nothing for five minutes is ended, and no other', () => {
  const places = open()
  const [idle, slow, waits, late] = enter(places, 4) as [StreamPlace, StreamPlace, StreamPlace, StreamPlace]
  idle.handOut()
  slow.handOut()
  now = 200_000
  slow.taken()
  slow.handOut()
  late.handOut()
  now = 299_999
  places.sweep()
  expect(ended([idle, slow, waits, late])).toEqual([false, false, false, false])
  now = 300_000
  places.sweep()
  expect(ended([idle, slow, waits, late])).toEqual([true, false, false, false])
  expect(idle.ended.reason).toMatchObject({ code: 'client.idle' })
})

test('when others wait for memory, idle streams end, those of the client with most streams first', () => {
  const places = open()
  const few = enter(places, 1)
  const many = enter(places, 3, '198.51.100.1')
  const busy = enter(places, 9, '198.51.100.2')
  for (const place of [...few, ...many]) place.handOut()
  waiting = 1
  now = 9_000
  places.sweep()
  expect(ended([...few, ...many, ...busy])).not.toContain(true)
  now = 10_000
  places.sweep()
  expect([ended(few), ended(many)]).toEqual([[false], [true, false, false]])
  waiting = 20
  places.sweep()
  expect([ended(few), ended(many)]).toEqual([[true], [true, true, true]])
  expect(ended(busy)).not.toContain(true)
})
