import { expect, test } from 'vitest'
import { Silence } from '../../../../../src/engine/child/fetch/silence.ts'

const TICK = 0.1
const ALONE = { doOthersGive: false, isCrowded: false }
const OTHERS_GIVE = { doOthersGive: true, isCrowded: false }
const CROWDED = { doOthersGive: false, isCrowded: true }

/** Seconds until the condition holds, in steps of a tick; at most a minute. */
function secondsUntil(isSo: () => boolean): number {
  for (let tick = 1; tick <= 600; tick++) if (isSo()) return Math.round(tick * TICK)
  return Number.POSITIVE_INFINITY
}

function secondsOfPatience(silence: Silence, isAlone = false): number {
  return secondsUntil(() => {
    silence.onTick(TICK, true)
    return silence.isTooLong(isAlone)
  })
}

const owe = (silence: Silence, seconds: number) => {
  for (let n = 0; n < seconds / TICK; n++) silence.onTick(TICK, true)
}

test('a new peer has two seconds for its first answer and one for each later answer', () => {
  const silence = new Silence()
  expect(secondsOfPatience(silence)).toBe(2)
  silence.onBlock()
  expect([silence.isTooLong(false), silence.isProven]).toEqual([false, true])
  expect(secondsOfPatience(silence)).toBe(1)
})

test('the only peer has twice as long', () => {
  const silence = new Silence()
  expect(secondsOfPatience(silence, true)).toBe(4)
  silence.onBlock()
  expect(secondsOfPatience(silence, true)).toBe(2)
})

test('a peer without requests is not silent', () => {
  const silence = new Silence()
  for (let n = 0; n < 100; n++) silence.onTick(TICK, false)
  expect(silence.isTooLong(false)).toBe(false)
})

test('the time a peer owes an answer adds up over pauses without requests', () => {
  const silence = new Silence()
  for (let n = 0; n < 15; n++) {
    silence.onTick(TICK, true)
    silence.onTick(TICK, false)
  }
  expect(silence.owedSeconds).toBeCloseTo(1.5)
  owe(silence, 1)
  expect(silence.isTooLong(false)).toBe(true)
})

test('a pause of this process does not count as silence of a peer', () => {
  const silence = new Silence()
  silence.onTick(30, true)
  expect(silence.isTooLong(false)).toBe(false)
})

test('a peer that was stuck and recovered gets more time on each recovery, up to four seconds', () => {
  const silence = new Silence()
  silence.onBlock()
  const patience = [1, 2, 3, 4].map(() => {
    const seconds = secondsOfPatience(silence)
    silence.isStuck = true
    silence.onBlock()
    return seconds
  })
  expect(patience).toEqual([1, 2, 4, 4])
})

test.for([
  ['others deliver', true, OTHERS_GIVE, 6],
  ['others deliver', false, OTHERS_GIVE, 6],
  ['others want its place', true, CROWDED, 6],
  ['others want its place and it never delivered', false, CROWDED, 3],
  ['no other peer delivers', false, ALONE, Number.POSITIVE_INFINITY],
] as const)(
  'where %s, a stuck peer (delivered before: %s) is dropped in time',
  ([, hasGiven, around, seconds]) => {
    const silence = new Silence()
    if (hasGiven) silence.onBlock()
    silence.isStuck = true
    expect(secondsUntil(() => silence.onAskedAgain(TICK, around))).toBe(seconds)
  },
)

test('a stuck peer that answers is not dropped', () => {
  const silence = new Silence()
  silence.isStuck = true
  for (let n = 0; n < 50; n++) silence.onAskedAgain(TICK, OTHERS_GIVE)
  silence.onBlock()
  expect(silence.isStuck).toBe(false)
  silence.isStuck = true
  expect(silence.onAskedAgain(TICK, OTHERS_GIVE)).toBe(false)
})
