import { describe, expect, test } from 'vitest'
import {
  Candidates,
  MAX_DIALS_TO_ADDRESS,
  MAX_PORTS,
  MAX_WAITING,
} from '../../../../../src/engine/child/dialler/candidates.ts'
import type { DialOutcome } from '../../../../../src/engine/child/dialler/dial-outcome.ts'
import { seededRandom } from '../../../../support/random.ts'

const host = (at: number) => `198.51.${100 + Math.floor(at / 250)}.${1 + (at % 250)}`

/** as `Math.random`, the same numbers for the same seed */
function randomOf(seed: number): () => number {
  const random = seededRandom(seed)
  return () => random.int(2 ** 30) / 2 ** 30
}

/** Takes one candidate and ends its dial. @returns its address and manner */
function dial(candidates: Candidates, outcome: DialOutcome, now: number): string | undefined {
  const taken = candidates.take(now)
  if (!taken) return undefined
  const said = `${taken.address} ${taken.manner}`
  candidates.settle(taken)
  candidates.ended(taken, outcome, now)
  return said
}

describe('candidates for dialling', () => {
  test('take every address once, in an order that does not depend on which source named it first', () => {
    const orders = [1, 2].map((seed) => {
      const candidates = new Candidates('auto', false, randomOf(seed))
      for (let at = 0; at < 50; at++) expect(candidates.add(`${host(at)}:6881`)).toBe(true)
      const order: string[] = []
      for (let taken = candidates.take(0); taken; taken = candidates.take(0)) order.push(taken.address)
      expect(new Set(order).size).toBe(50)
      expect(order).toHaveLength(50)
      return order.join()
    })
    expect(orders[0]).not.toBe(orders[1])
  })

  test('do not take a known address again, in any state', () => {
    const candidates = new Candidates('auto')
    expect(candidates.add('192.0.2.1:6881', 'tracker')).toBe(true)
    expect(candidates.add('192.0.2.1:6881', 'dht')).toBe(false)
    const taken = candidates.take(0)
    expect(taken).toMatchObject({ address: '192.0.2.1:6881', source: 'tracker' })
    expect(candidates.add('192.0.2.1:6881')).toBe(false)
    if (taken) candidates.ended(taken, 'failed', 0)
    expect(candidates.add('192.0.2.1:6881')).toBe(false)
  })

  test(`wait, at most ${MAX_WAITING} of them`, () => {
    const candidates = new Candidates('auto')
    for (let at = 0; at < MAX_WAITING; at++) expect(candidates.add(`${host(at)}:6881`)).toBe(true)
    expect(candidates.add('203.0.113.1:6881')).toBe(false)
    expect(candidates.take(0)).toBeDefined()
    expect(candidates.add('203.0.113.1:6881')).toBe(true)
  })

  test.for([
    ['IPv4', (port: number) => `192.0.2.1:${port}`],
    ['a /64 of IPv6', (port: number) => `[2001:db8::${port}]:6881`],
  ] as const)(
    'of one internet address (%s) wait with at most eight ports, and are dialled at three',
    ([, addressOf]) => {
      const candidates = new Candidates('auto')
      const added = Array.from({ length: 20 }, (_, at) => candidates.add(addressOf(at + 1)))
      expect(added.filter(Boolean)).toHaveLength(MAX_PORTS)
      const dials = Array.from({ length: 20 }, () => candidates.take(0)).filter(
        (taken) => taken !== undefined,
      )
      expect(dials).toHaveLength(MAX_DIALS_TO_ADDRESS)
      expect(candidates.add('203.0.113.9:6881')).toBe(true)
      expect(candidates.take(0)).toMatchObject({ address: '203.0.113.9:6881' })
      for (const taken of dials) candidates.settle(taken)
      expect(candidates.take(0)).toBeDefined()
    },
  )

  test('in the own network are not counted together', () => {
    const candidates = new Candidates('auto')
    for (let port = 1; port <= 50; port++) expect(candidates.add(`127.0.0.1:${port}`)).toBe(true)
    for (let port = 1; port <= 50; port++) expect(candidates.take(0)).toBeDefined()
  })

  test('that were good in an earlier run come first, in their order', () => {
    const candidates = new Candidates('auto')
    for (let at = 0; at < 20; at++) candidates.add(`${host(at)}:6881`)
    candidates.add('203.0.113.1:6881', 'remembered', true)
    candidates.add('203.0.113.2:6881', 'remembered', true)
    expect([candidates.take(0)?.address, candidates.take(0)?.address]).toEqual([
      '203.0.113.1:6881',
      '203.0.113.2:6881',
    ])
  })

  test.for([
    ['auto', 'encrypted'],
    ['prefer', 'encrypted'],
    ['never', 'plain'],
  ] as const)(
    'that took only encrypted connections in an earlier run are dialled, with %s, %s',
    ([encryption, manner]) => {
      const candidates = new Candidates(encryption)
      candidates.add('203.0.113.1:6881', 'tracker', true, true)
      expect(dial(candidates, 'no byte', 0)).toBe(`203.0.113.1:6881 ${manner}`)
      // It may have changed its mind since.
      if (encryption !== 'never') expect(dial(candidates, 'no byte', 0)).toBe('203.0.113.1:6881 plain')
    },
  )

  test('that failed are tried again after 10 s, 60 s and 300 s, and then never', () => {
    const candidates = new Candidates('auto')
    candidates.add('192.0.2.1:6881')
    let now = 0
    for (const wait of [10_000, 60_000, 300_000]) {
      expect(dial(candidates, 'failed', now)).toBe('192.0.2.1:6881 plain')
      expect(candidates.canTake(now + wait)).toBe(true)
      expect(candidates.take(now + wait - 1)).toBeUndefined()
      now += wait
    }
    expect(dial(candidates, 'gave nothing', now)).toBe('192.0.2.1:6881 plain')
    expect(candidates.canTake(Number.MAX_SAFE_INTEGER)).toBe(false)
    expect(candidates.take(now + 86_400_000)).toBeUndefined()
    expect(candidates.waiting).toBe(0)
  })

  test('that delivered something are dialled again after half a second, later if connections are short', () => {
    const candidates = new Candidates('auto')
    candidates.add('192.0.2.1:6881')
    const waits: number[] = []
    let now = 0
    for (let connection = 0; connection < 7; connection++) {
      expect(dial(candidates, 'gave', now)).toBe('192.0.2.1:6881 plain')
      const from = now
      while (!candidates.canTake(now)) now += 100
      waits.push(now - from)
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000])
    const long = candidates.take(now)
    if (long) candidates.settle(long)
    if (long) candidates.ended(long, 'gave', now + 60_000)
    expect([candidates.canTake(now + 60_499), candidates.canTake(now + 60_500)]).toEqual([false, true])
  })

  test('that delivered something are dialled again before untried ones', () => {
    const candidates = new Candidates('auto')
    candidates.add('192.0.2.1:6881')
    dial(candidates, 'gave', 0)
    candidates.add('192.0.2.2:6881')
    expect(candidates.take(500)?.address).toBe('192.0.2.1:6881')
    expect(candidates.take(500)?.address).toBe('192.0.2.2:6881')
  })

  test('that failed are not dialled while an untried one waits', () => {
    const candidates = new Candidates('auto')
    candidates.add('192.0.2.1:6881')
    dial(candidates, 'failed', 0)
    candidates.add('192.0.2.2:6881')
    expect(candidates.take(20_000)?.address).toBe('192.0.2.2:6881')
    expect(candidates.take(20_000)?.address).toBe('192.0.2.1:6881')
  })

  test.for([
    ['auto', 'no byte', ['plain', 'encrypted']],
    ['prefer', 'no byte', ['encrypted', 'plain']],
    ['never', 'no byte', ['plain']],
    ['auto', 'hung up', ['plain', 'careful']],
    ['prefer', 'hung up', ['encrypted']],
    ['never', 'hung up', ['plain', 'careful']],
    ['auto', 'failed', ['plain']],
    ['auto', 'gave nothing', ['plain']],
    ['auto', 'left', ['plain']],
  ] as const)(
    'with encryption %s, after a dial that ends with "%s", are tried at once as %j',
    ([encryption, outcome, manners]) => {
      const candidates = new Candidates(encryption)
      candidates.add('192.0.2.1:6881')
      candidates.add('192.0.2.2:6881')
      const first = candidates.take(0)
      expect(first?.manner).toBe(manners[0])
      const tried = [first?.manner]
      let taken = first
      while (taken && taken.address === first?.address && tried.length < 10) {
        candidates.settle(taken)
        candidates.ended(taken, outcome, 0)
        taken = candidates.take(0)
        if (taken?.address === first?.address) tried.push(taken?.manner)
      }
      expect(tried).toEqual(manners)
      expect(taken?.address).not.toBe(first?.address)
    },
  )

  test('that fail by TCP are dialled by uTP at once, and only by uTP from then on', () => {
    const candidates = new Candidates('auto', true)
    candidates.add('192.0.2.1:6881')
    expect(dial(candidates, 'failed', 0)).toBe('192.0.2.1:6881 plain')
    expect(dial(candidates, 'failed', 0)).toBe('192.0.2.1:6881 utp')
    expect(dial(candidates, 'failed', 0)).toBeUndefined()
    expect(dial(candidates, 'failed', 10_000)).toBe('192.0.2.1:6881 utp')
  })

  test.for([
    [
      'that have extensions and hang up are dialled without them, but not at once',
      'left',
      [false, true, true],
    ],
    [
      'that have none and hang up are dialled carefully at once, and only so from then on',
      'hung up',
      [true, true],
    ],
  ] as const)('%s', ([, outcome, areDialled]) => {
    const candidates = new Candidates('auto')
    candidates.add('192.0.2.1:6881')
    expect(dial(candidates, outcome, 0)).toBe('192.0.2.1:6881 plain')
    for (const [at, isDialled] of areDialled.entries()) {
      const expected = isDialled ? '192.0.2.1:6881 careful' : undefined
      expect(dial(candidates, 'gave', at * 10_000)).toBe(expected)
    }
  })

  test('can be checked for a next one without taking it', () => {
    const candidates = new Candidates('auto')
    expect(candidates.canTake(0)).toBe(false)
    candidates.add('192.0.2.1:6881')
    expect([candidates.canTake(0), candidates.canTake(0)]).toEqual([true, true])
    dial(candidates, 'failed', 0)
    expect([candidates.canTake(9_999), candidates.canTake(10_000)]).toEqual([false, true])
    for (let port = 1; port <= MAX_DIALS_TO_ADDRESS; port++) candidates.add(`192.0.2.9:${port}`)
    for (let port = 1; port <= MAX_DIALS_TO_ADDRESS; port++) candidates.take(0)
    candidates.add('192.0.2.9:99')
    expect(candidates.canTake(0)).toBe(false)
  })

  test('are reduced to those of one source; dials in progress end, and are not repeated', () => {
    const candidates = new Candidates('auto')
    candidates.add('192.0.2.1:6881', 'dht')
    const dialled = candidates.take(0)
    candidates.add('192.0.2.2:6881', 'dht')
    candidates.add('192.0.2.3:6881', 'tracker')
    candidates.add('192.0.2.4:6881', 'dht', true)
    candidates.retainOnly('tracker')
    expect(candidates.waiting).toBe(1)
    if (dialled) candidates.settle(dialled)
    if (dialled) candidates.ended(dialled, 'gave', 0)
    expect(candidates.take(0)?.address).toBe('192.0.2.3:6881')
    expect(candidates.take(1_000_000)).toBeUndefined()
    expect(candidates.add('192.0.2.2:6881', 'tracker')).toBe(true)
  })

  test('keep a manner that worked once for the next connection', () => {
    const candidates = new Candidates('auto')
    candidates.add('192.0.2.1:6881')
    expect(dial(candidates, 'no byte', 0)).toBe('192.0.2.1:6881 plain')
    expect(dial(candidates, 'gave', 0)).toBe('192.0.2.1:6881 encrypted')
    expect(dial(candidates, 'failed', 2_000)).toBe('192.0.2.1:6881 encrypted')
  })
})
