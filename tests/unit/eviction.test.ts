import { expect, test } from 'vitest'
import { chooseIdle, type Keepable } from '../../src/cache/eviction.ts'
import type { InfoHash } from '../../src/domain/info-hash.ts'
import { newUsage } from '../../src/domain/usage.ts'

const NOW = 1_000_000
const IDLE_MS = 1_000

function entry(idleMs: number, isUsed = false): Keepable {
  const usage = { ...newUsage('watched', 0), lastReadAt: NOW - idleMs }
  return { infoHash: 'a'.repeat(40) as InfoHash, usage, bytes: 1, isUsed, isAwaited: false }
}

test.for([
  ['read just now stays', entry(0), false],
  ['read almost long enough ago stays', entry(IDLE_MS - 1), false],
  ['read exactly long enough ago goes', entry(IDLE_MS), true],
  ['left by an earlier run long ago goes', entry(NOW), true],
  ['that somebody reads stays, however long ago it began', entry(NOW, true), false],
  ['read in the future, by a clock that was set back, stays', entry(-5_000), false],
] as const)('a film %s', ([, film, isRemoved]) => {
  expect(chooseIdle([film], IDLE_MS, NOW)).toEqual(isRemoved ? [film] : [])
})

test('an idle time of 0 keeps all for good', () => {
  expect(chooseIdle([entry(NOW), entry(0)], 0, NOW)).toEqual([])
})

test('an idle time beyond what timers can count keeps them as long', () => {
  expect(chooseIdle([entry(NOW)], Number.MAX_SAFE_INTEGER, NOW)).toEqual([])
})

test('of several, only the idle ones go', () => {
  const films = [entry(5_000), entry(10), entry(5_000, true), entry(2_000)]
  expect(chooseIdle(films, IDLE_MS, NOW)).toEqual([films[0], films[3]])
})
