import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Place, whoGivesWay } from '../../../../src/domain/clients/give-way.ts'

interface Named extends Place {
  readonly name: string
}

const LIMITS = { most: 4, mostPerClient: 3 }

/** `a` busy, `A` idle, `ab` busy and shared by two clients; the oldest first. */
function places(text: string): Named[] {
  return text
    .split(' ')
    .filter(Boolean)
    .map((word, index) => ({
      name: `${word}${index}`,
      clients: [...word.toLowerCase()],
      isIdle: word === word.toUpperCase(),
      since: index,
    }))
}

test.for([
  ['a place is free', '', 'n', 'room'],
  ['a place is free, idle places stay', 'A a b', 'n', 'room'],
  ['a newcomer takes a place of the client with the most places', 'a a a b', 'n', 'a0'],
  ['an idle place goes before a busy one', 'a a A b', 'n', 'A2'],
  ['the oldest idle place goes first', 'b A A a', 'n', 'A1'],
  ['idle places of the client with the most places go first', 'B A A c', 'n', 'A1'],
  ['clients with one busy place each keep it', 'a b c d', 'n', 'none'],
  ['of clients with one place each, the idle one gives way', 'a b C d', 'n', 'C2'],
  ['a client with as many places as the newcomer would have keeps them', 'a a b b', 'b', 'none'],
  ['a client with one place more keeps it', 'a a b c', 'b', 'none'],
  ['a client with two places more gives one up', 'a a a b', 'b', 'a0'],
  ['an idle place of a client that holds less is kept', 'a a a B', 'a', 'none'],
  ['at its own limit, a client gives up its own idle place', 'a A a', 'a', 'A1'],
  ['at its own limit, with nothing idle, a client gets no place', 'a a a', 'a', 'none'],
  ['at its own limit, a client takes nothing from others', 'a a a B', 'a', 'none'],
  ['a shared place counts for the client with fewer places', 'ab ab ab c', 'n', 'ab0'],
  ['a place shared with a client that has no other is kept', 'ab a a c', 'n', 'a1'],
  ['two clients that want the same count as the one with fewer places', 'a a a c', 'ab', 'a0'],
] as const)('%s: %s and %s → %s', ([, taken, newcomer, expected]) => {
  const answer = whoGivesWay(places(taken), [...newcomer], LIMITS)
  expect(typeof answer === 'string' ? answer : answer.name).toBe(expected)
})

describe('for any clients and places', () => {
  const client = fc.constantFrom<string>('a', 'b', 'c', 'd')
  const place = fc.record({
    clients: fc.uniqueArray(client, { minLength: 1, maxLength: 2 }),
    isIdle: fc.boolean(),
    since: fc.nat(100),
  })

  test('a client without a place gets one, unless no place is idle and no client has two', () => {
    fc.assert(
      fc.property(fc.array(place, { minLength: 1, maxLength: 8 }), (taken) => {
        const limits = { most: taken.length, mostPerClient: 9 }
        const answer = whoGivesWay(taken, ['n'], limits)
        const counts = countsOf(taken)
        const mayGo = taken.some(({ isIdle, clients }) => isIdle || clients.every((each) => counts(each) > 1))
        expect(answer !== 'none').toBe(mayGo)
      }),
    )
  })

  test('no client loses a busy place to one that would then hold more', () => {
    fc.assert(
      fc.property(fc.array(place, { minLength: 1, maxLength: 8 }), client, (taken, newcomer) => {
        const counts = countsOf(taken)
        const answer = whoGivesWay(taken, [newcomer], { most: taken.length, mostPerClient: 9 })
        if (typeof answer === 'string' || answer.isIdle) return
        for (const each of answer.clients) expect(counts(each) - 1).toBeGreaterThan(counts(newcomer))
      }),
    )
  })
})

function countsOf(taken: readonly Place[]): (name: string) => number {
  return (name) => taken.filter(({ clients }) => clients.includes(name)).length
}
