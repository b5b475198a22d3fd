import { describe, expect, test } from 'vitest'
import { DialPlan, type DialState } from '../../../../../src/engine/child/dialler/dial-plan.ts'

interface Torrent extends DialState {
  readonly name: string
  dials: number
  dialled: number
}

const torrent = (name: string, change: Partial<DialState> = {}): Torrent => ({
  name,
  openedAt: -60_000,
  isHungry: true,
  hasCandidate: true,
  dials: 0,
  dialled: 0,
  ...change,
})

/** Dials as often as allowed, and counts per torrent. Dials end at once unless they are kept. */
function dialAll(
  plan: DialPlan,
  torrents: readonly Torrent[],
  now: number,
  isKept = false,
): Record<string, number> {
  const counts: Record<string, number> = {}
  for (let next = plan.next(torrents, now); next; next = plan.next(torrents, now)) {
    counts[next.name] = (counts[next.name] ?? 0) + 1
    next.dialled++
    if (isKept) next.dials++
  }
  return counts
}

describe('the dial rate of all torrents together', () => {
  test('is so many per second, with two seconds of dials at once', () => {
    const plan = new DialPlan(50, 0)
    const one = torrent('one')
    expect(dialAll(plan, [one], 0)).toEqual({ one: 100 })
    expect(dialAll(plan, [one], 10)).toEqual({})
    expect(plan.waitMs(10)).toBe(10)
    expect(dialAll(plan, [one], 20)).toEqual({ one: 1 })
    expect(dialAll(plan, [one], 1_020)).toEqual({ one: 50 })
    expect(dialAll(plan, [one], 3_600_000)).toEqual({ one: 100 })
  })

  test('lets an opened torrent dial at once, and 25 of them have at most four seconds of dials', () => {
    const plan = new DialPlan(50, 0)
    dialAll(plan, [torrent('before')], 0)
    plan.onOpened(0)
    expect(dialAll(plan, [torrent('new', { openedAt: 0 })], 0)).toEqual({ new: 50 })
    for (let opened = 0; opened < 25; opened++) plan.onOpened(0)
    expect(dialAll(plan, [torrent('new', { openedAt: 0 })], 0)).toEqual({ new: 200 })
  })

  test('gives no dials when the clock stands still or goes back', () => {
    const plan = new DialPlan(50, 1_000)
    dialAll(plan, [torrent('one')], 1_000)
    expect(dialAll(plan, [torrent('one')], 500)).toEqual({})
  })
})

describe('the number of dials in progress for', () => {
  test.for([
    ['one hungry torrent', [torrent('a')], { a: 66 }],
    ['one hungry torrent that is new', [torrent('a', { openedAt: 0 })], { a: 100 }],
    ['one torrent that needs no peers', [torrent('a', { isHungry: false })], { a: 5 }],
    [
      'a hungry torrent beside one that is not',
      [torrent('a', { isHungry: false }), torrent('b', { openedAt: 0 })],
      { b: 100 },
    ],
    ['one torrent without addresses', [torrent('a', { hasCandidate: false })], {}],
    [
      'one torrent with nine in progress that needs no peers',
      [torrent('a', { isHungry: false, dials: 9 })],
      { a: 1 },
    ],
    ['one torrent with 64 in progress', [torrent('a', { dials: 64 })], { a: 2 }],
    [
      'two torrents with 66 in progress in all',
      [torrent('a', { dials: 40 }), torrent('b', { dials: 26 })],
      {},
    ],
    [
      'a new torrent beside one with 66',
      [torrent('a', { dials: 66 }), torrent('b', { openedAt: 0 })],
      { b: 34 },
    ],
    ['a new torrent beside one with 100', [torrent('a', { dials: 100 }), torrent('b', { openedAt: 0 })], {}],
  ] as const)('%s', ([, torrents, expected]) => {
    expect(
      dialAll(
        new DialPlan(50, 0),
        torrents.map((one) => ({ ...one })),
        0,
        true,
      ),
    ).toEqual(expected)
  })
})

describe('the next torrent to dial for', () => {
  test.for([
    ['a hungry torrent before others', [{ isHungry: false }, {}], 1],
    [
      'a new one before one that has been open for longer than five seconds',
      [{ openedAt: 4_000 }, { openedAt: 5_001 }],
      1,
    ],
    ['the latest of several new ones', [{ openedAt: 6_000 }, { openedAt: 9_000 }, { openedAt: 7_000 }], 1],
    ['of old ones the one with fewest dials', [{ dialled: 7 }, { dialled: 3 }, { dialled: 9 }], 1],
    [
      'a hungry old one before a new one that is not',
      [{ openedAt: 9_000, isHungry: false }, { openedAt: 0 }],
      1,
    ],
    ['one with an address to dial', [{ openedAt: 9_999, hasCandidate: false }, { dialled: 99 }], 1],
  ] as const)('is %s', ([, changes, expected]) => {
    const torrents = changes.map((change, at) => torrent(String(at), { openedAt: 0, ...change }))
    expect(new DialPlan(50, 10_000).next(torrents, 10_000)?.name).toBe(String(expected))
  })

  test('is the eighth opened one for at least half of the dials, beside seven that find no peers', () => {
    const plan = new DialPlan(50, 0)
    const old = Array.from({ length: 7 }, (_, at) => torrent(`old ${at}`))
    for (let now = 0; now < 60_000; now += 100) dialAll(plan, old, now)
    plan.onOpened(60_000)
    const eighth = torrent('eighth', { openedAt: 60_000 })
    const first = dialAll(plan, [...old, eighth], 60_000)
    expect(first).toEqual({ eighth: expect.toSatisfy((dials: number) => dials >= 50) })
  })

  test('changes so that several hungry torrents get equal numbers of dials', () => {
    const plan = new DialPlan(50, 0)
    const torrents = Array.from({ length: 5 }, (_, at) => torrent(`torrent ${at}`, { dialled: at * 10 }))
    for (let now = 0; now <= 10_000; now += 50) dialAll(plan, torrents, now)
    const dialled = torrents.map((one) => one.dialled)
    expect(Math.max(...dialled) - Math.min(...dialled)).toBeLessThanOrEqual(1)
  })
})
