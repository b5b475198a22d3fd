import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Place, whoGivesWay } from '../../../../src/domain/clients/give-way.ts'

interface Named extends Place {
  readonly name: string
}

const LIMITS = { most: 4, mostPerClient: 3 }

/** `a` busy, `A` idle, `ab` busy and shared by two; the oldest first. */
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
  ['there is room', '', 'n', 'room'],
  ['there is room, idle or not', 'A a b', 'n', 'room'],
  ['a newcomer takes a place of the client with the most', 'a a a b', 'n', 'a0'],
  ['an idle place goes before a busy one', 'a a A b', 'n', 'A2'],
  ['the oldest idle place goes first', 'b A A a', 'n', 'A1'],
  ['idle places of the client with the most go first', 'B A A c', 'n', 'A1'],
  ['of clients with one busy place each, none gives way', 'a b c d', 'n', 'none'],
  ['of clients with one place each, an idle one gives way', 'a b C d', 'n', 'C2'],
  ['who has as many as the newcomer would have keeps them', 'a a b b', 'b', 'none'],
  ['who has one more keeps it as well', 'a a b c', 'b', 'none'],
  ['who has two more does not', 'a a a b', 'b', 'a0'],
  ['an idle place of a client that holds less is kept', 'a a a B', 'a', 'none'],
  ['at its own limit, a client gives up what is idle of its own', 'a A a', 'a', 'A1'],
  ['at its own limit, with nothing idle, a client gets none', 'a a a', 'a', 'none'],
  ['at its own limit, a client takes nothing from others', 'a a a B', 'a', 'none'],
  ['a place that is shared with a client of few counts as theirs', 'ab ab ab c', 'n', 'ab0'],
  ['a place shared with one who has no other is kept', 'ab a a c', 'n', 'a1'],
  ['two clients who want the same count as the one with fewer', 'a a a c', 'ab', 'a0'],
] as const)('%s: %s and %s → %s', ([, taken, newcomer, expected]) => {
  const answer = whoGivesWay(places(taken), [...newcomer], LIMITS)
  expect(typeof answer === 'string' ? answer : answer.name).toBe(expected)
})

describe('whoever comes and goes', () => {
  const client = fc.constantFrom<string>('a', 'b', 'c', 'd')
  const place = fc.record({
    clients: fc.uniqueArray(client, { minLength: 1, maxLength: 2 }),
    isIdle: fc.boolean(),
    since: fc.nat(100),
  })

  test('who has nothing gets a place unless nobody has two and none is idle', () => {
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

  test('nobody loses a busy place to a client that then holds more', () => {
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
