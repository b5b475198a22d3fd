import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  chooseEvictions,
  chooseIdle,
  type EvictionCandidate,
  excessOver,
  inOrderOfRemoval,
  keepScore,
  protectionOf,
  shortageBelow,
} from '../../../src/cleanup/eviction.ts'
import type { InfoHash } from '../../../src/domain/bittorrent/info-hash.ts'
import { newUsage, type Usage } from '../../../src/domain/usage.ts'

const NOW = 2_000_000_000_000
const SECOND = 1_000
const HOUR = 3_600 * SECOND
const DAY = 24 * HOUR
const GB = 1e9
const MB = 1e6
const IDLE_MS = HOUR / 2

interface Shape
  extends Partial<Usage>,
    Partial<Pick<EvictionCandidate, 'bytes' | 'isUsed' | 'isAwaited' | 'isGuessed'>> {
  readonly readAgo?: number
}

function film({
  readAgo = DAY,
  bytes = GB,
  isUsed = false,
  isAwaited = false,
  isGuessed = false,
  ...usage
}: Shape = {}): EvictionCandidate {
  const readAt = NOW - readAgo
  return {
    infoHash: 'a'.repeat(40) as InfoHash,
    usage: { ...newUsage('watched', readAt), ...usage },
    bytes,
    isUsed,
    isAwaited,
    isGuessed,
  }
}

describe('idle clean-up of a film', () => {
  test.for([
    ['read just now: it stays', { readAgo: 0 }, false],
    ['read almost the idle time ago: it stays', { readAgo: IDLE_MS - 1 }, false],
    ['read exactly the idle time ago: it goes', { readAgo: IDLE_MS }, true],
    ['left by an earlier run long ago: it goes', { readAgo: NOW }, true],
    ['being read since long ago: it stays', { readAgo: NOW, isUsed: true }, false],
    ['pinned: it stays', { readAgo: NOW, isPinned: true }, false],
    ['being fetched ahead: it stays', { readAgo: NOW, origin: 'ahead', isGuessed: true }, false],
    ['waited for and not complete: it stays', { readAgo: NOW, isAwaited: true }, false],
    ['read in the future, after the clock was set back: it stays', { readAgo: -5 * SECOND }, false],
    ['played ten times: it stays', { plays: 10, playsAt: NOW - HOUR }, false],
    ['played nine times: it goes', { plays: 9, playsAt: NOW - HOUR }, true],
    [
      'played ten times two weeks ago, which counts half: it goes',
      { plays: 10, playsAt: NOW - 14 * DAY },
      true,
    ],
    ['played twenty times two weeks ago: it stays', { plays: 20, playsAt: NOW - 14 * DAY }, false],
  ] as const)('%s', ([, shape, isRemoved]) => {
    const entry = film(shape)
    expect(chooseIdle([entry], IDLE_MS, NOW)).toEqual(isRemoved ? [entry] : [])
  })

  test('an idle time of 0 keeps every film', () => {
    expect(chooseIdle([film({ readAgo: NOW })], 0, NOW)).toEqual([])
  })

  test('an idle time longer than any timer can count keeps the film', () => {
    expect(chooseIdle([film({ readAgo: NOW })], Number.MAX_SAFE_INTEGER, NOW)).toEqual([])
  })
})

test('a film read within the last minute, or the idle time if shorter, is never removed', () => {
  expect(protectionOf(film({ readAgo: 59 * SECOND }), IDLE_MS, NOW)).toBe('just_read')
  expect(protectionOf(film({ readAgo: 60 * SECOND }), IDLE_MS, NOW)).toBeUndefined()
  expect(protectionOf(film({ readAgo: 9 * SECOND }), 10 * SECOND, NOW)).toBe('just_read')
  expect(protectionOf(film({ readAgo: 10 * SECOND }), 10 * SECOND, NOW)).toBeUndefined()
  expect(protectionOf(film({ readAgo: 0 }), 0, NOW)).toBeUndefined()
})

test('a last read in the future protects a film only within a small clock error', () => {
  expect(protectionOf(film({ readAgo: -59 * SECOND }), IDLE_MS, NOW)).toBe('just_read')
  expect(protectionOf(film({ readAgo: -DAY }), IDLE_MS, NOW)).toBeUndefined()
})

describe('of two films, the one to keep longer', () => {
  test.for([
    ['is the one played more often', { plays: 3, playsAt: NOW }, { plays: 1, playsAt: NOW }],
    [
      'is the one played more recently',
      { plays: 1, playsAt: NOW - DAY },
      { plays: 1, playsAt: NOW - 20 * DAY },
    ],
    [
      'is the one with fewer seeders',
      { plays: 1, playsAt: NOW, seeders: 0 },
      { plays: 1, playsAt: NOW, seeders: 80 },
    ],
    ['is the smaller one', { plays: 1, playsAt: NOW, bytes: GB }, { plays: 1, playsAt: NOW, bytes: 50 * GB }],
    ['is the one read last, when neither was ever played', { readAgo: HOUR }, { readAgo: 9 * DAY }],
    [
      'is a big film watched today, not a small one watched two months ago',
      { plays: 1, playsAt: NOW, bytes: 40 * GB },
      { plays: 1, playsAt: NOW - 60 * DAY, bytes: GB },
    ],
  ] as const)('%s', ([, more, less]) => {
    expect(keepScore(film(more), NOW)).toBeGreaterThan(keepScore(film(less), NOW))
    expect(inOrderOfRemoval([film(more), film(less)], IDLE_MS, NOW)).toEqual([film(less), film(more)])
  })
})

test('eviction goes down to nine tenths of the limit, and does nothing while the limit is kept', () => {
  expect(excessOver(100, 100)).toBe(0)
  expect(excessOver(100, 101)).toBe(11)
  expect(shortageBelow(90, 90)).toBe(0)
  expect(shortageBelow(90, 89)).toBe(11)
})

const anyFilm = fc
  .record({
    readAgo: fc.integer({ min: -HOUR, max: 90 * DAY }),
    bytes: fc.integer({ min: 0, max: 60 * GB }),
    plays: fc.double({ min: 0, max: 30, noNaN: true }),
    playedAgo: fc.integer({ min: 0, max: 90 * DAY }),
    seeders: fc.option(fc.nat(500), { nil: undefined }),
    isPinned: fc.boolean(),
    isUsed: fc.boolean(),
    isAwaited: fc.boolean(),
    isGuessed: fc.boolean(),
  })
  .map(({ playedAgo, ...shape }) => film({ ...shape, playsAt: NOW - playedAgo }))
const anyFilms = fc.array(anyFilm, { maxLength: 40 })
const anyExcess = fc.integer({ min: 0, max: 300 * GB })
const anyIdleMs = fc.constantFrom(0, 10 * SECOND, IDLE_MS, 30 * DAY)
const bytesOf = (films: readonly EvictionCandidate[]) => films.reduce((sum, { bytes }) => sum + bytes, 0)

describe('eviction from any cache', () => {
  test('never chooses a protected film', () => {
    fc.assert(
      fc.property(anyFilms, anyExcess, anyIdleMs, (films, excess, idleMs) => {
        const chosen = [...chooseEvictions(films, excess, idleMs, NOW), ...chooseIdle(films, idleMs, NOW)]
        for (const { usage, isUsed, isAwaited } of chosen) {
          expect(usage.isPinned || isUsed || isAwaited).toBe(false)
          expect(Math.abs(NOW - usage.lastReadAt)).toBeGreaterThanOrEqual(Math.min(60 * SECOND, idleMs))
        }
      }),
    )
  })

  test('frees enough, or everything that may go', () => {
    fc.assert(
      fc.property(anyFilms, anyExcess, anyIdleMs, (films, excess, idleMs) => {
        const freed = bytesOf(chooseEvictions(films, excess, idleMs, NOW))
        const most = bytesOf(films.filter((each) => protectionOf(each, idleMs, NOW) === undefined))
        expect(freed >= excess || freed === most).toBe(true)
      }),
    )
  })

  test('frees no more than needed: without the last film chosen it would be too little', () => {
    fc.assert(
      fc.property(anyFilms, anyExcess, anyIdleMs, (films, excess, idleMs) => {
        const chosen = chooseEvictions(films, excess, idleMs, NOW)
        if (chosen.length > 0) expect(bytesOf(chosen.slice(0, -1))).toBeLessThan(excess)
      }),
    )
  })

  test('keeps no film that is worth less than one that goes', () => {
    fc.assert(
      fc.property(anyFilms, anyExcess, anyIdleMs, (films, excess, idleMs) => {
        const chosen = chooseEvictions(films, excess, idleMs, NOW)
        const stays = inOrderOfRemoval(films, idleMs, NOW).filter((each) => !chosen.includes(each))
        const best = Math.max(...chosen.map((each) => keepScore(each, NOW)))
        for (const each of stays) expect(keepScore(each, NOW)).toBeGreaterThanOrEqual(best)
      }),
    )
  })

  test('does not depend on the order of the entries', () => {
    fc.assert(
      fc.property(anyFilms, anyExcess, (films, excess) => {
        const scores = (each: readonly EvictionCandidate[]) => each.map((one) => keepScore(one, NOW))
        expect(scores(chooseEvictions(films.toReversed(), excess, IDLE_MS, NOW))).toEqual(
          scores(chooseEvictions(films, excess, IDLE_MS, NOW)),
        )
      }),
    )
  })

  test('one more play never makes a film go earlier', () => {
    fc.assert(
      fc.property(anyFilm, (entry) => {
        const played = { ...entry, usage: { ...entry.usage, plays: entry.usage.plays + 1 } }
        expect(keepScore(played, NOW)).toBeGreaterThanOrEqual(keepScore(entry, NOW))
      }),
    )
  })
})

test('a guess is evicted before everything that was wanted, even while it is being fetched', () => {
  const guess = film({ origin: 'ahead', readAgo: 0, bytes: MB, seeders: 0, isGuessed: true })
  const worthless = film({ readAgo: 300 * DAY, bytes: 100 * GB, seeders: 1000 })
  const played = film({ origin: 'ahead', plays: 1, readAgo: 2 * HOUR })
  expect(inOrderOfRemoval([worthless, played, guess], IDLE_MS, NOW)).toEqual([guess, worthless, played])
  const kept = [
    film({ origin: 'ahead', isUsed: true }),
    film({ origin: 'ahead', isPinned: true }),
    film({ origin: 'ahead', isAwaited: true }),
  ]
  expect(inOrderOfRemoval(kept, IDLE_MS, NOW)).toEqual([])
})
