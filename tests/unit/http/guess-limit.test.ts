import { expect, test } from 'vitest'
import { GuessLimit } from '../../../src/http/guess-limit.ts'

const MINUTE = 60_000

function limitAt(start = 1_000_000) {
  let now = start
  const limit = new GuessLimit(() => now)
  return {
    limit,
    pass(ms: number): void {
      now += ms
    },
    /** Guesses as long as that is allowed. @returns how many guesses were allowed */
    guess(client: string, most: number): number {
      let count = 0
      while (count < most && limit.waitMs(client) === 0) {
        limit.noteWrong(client)
        count++
      }
      return count
    },
  }
}

test('a client may guess a password ten times, and then once a minute', () => {
  const { limit, guess, pass } = limitAt()
  expect(guess('a', 1_000)).toBe(10)
  expect(limit.waitMs('a')).toBe(MINUTE)
  pass(MINUTE - 1)
  expect(guess('a', 1_000)).toBe(0)
  pass(1)
  expect(guess('a', 1_000)).toBe(1)
  pass(24 * 60 * MINUTE)
  expect(guess('a', 1_000)).toBe(10)
})

test("one client's guesses do not lock out another", () => {
  const { limit, guess } = limitAt()
  guess('a', 1_000)
  expect(limit.waitMs('b')).toBe(0)
  expect(guess('b', 1_000)).toBe(10)
})

test('while many clients guess, each has one guess, and a new client still has its own', () => {
  const { limit, guess, pass } = limitAt()
  for (let n = 0; n < 10; n++) expect(guess(`a${n}`, 1_000)).toBe(10)
  for (let n = 0; n < 50; n++) expect(guess(`b${n}`, 1_000)).toBe(1)
  expect(limit.waitMs('b0')).toBe(MINUTE)
  expect(limit.waitMs('owner')).toBe(0)
  pass(10 * MINUTE)
  expect(guess('b0', 1_000)).toBe(10)
})

test('of more clients than can be stored, the latest are kept', () => {
  const { limit, guess } = limitAt()
  for (let n = 0; n < 30_000; n++) guess(`c${n}`, 1)
  expect(limit.waitMs('c29999')).toBeGreaterThan(0)
  expect(limit.waitMs('c0')).toBe(0)
})

test('a clock that is set back locks out no client for longer', () => {
  const { limit, guess, pass } = limitAt()
  guess('a', 1_000)
  pass(-10 * MINUTE)
  expect(limit.waitMs('a')).toBe(MINUTE)
})
