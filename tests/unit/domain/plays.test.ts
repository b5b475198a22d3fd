import { expect, test } from 'vitest'
import { Plays } from '../../../src/domain/plays.ts'
import { faded, newUsage, playsAt, withPlay } from '../../../src/domain/usage.ts'

const FILM = 'film'
const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

test('a play is the first read, and the first after 30 minutes without one', () => {
  const plays = new Plays()
  const reads = [0, 1, 29, 58, 88, 89, 119].map((minute) => plays.note(FILM, 'tv', minute * MINUTE))
  expect(reads).toEqual([true, false, false, false, true, false, true])
})

test('plays are counted per client and per file', () => {
  const plays = new Plays()
  expect(plays.note(FILM, 'tv', 0)).toBe(true)
  expect(plays.note(FILM, 'phone', 0)).toBe(true)
  expect(plays.note('another film', 'tv', 0)).toBe(true)
  expect(plays.note(FILM, 'tv', 1)).toBe(false)
})

test("many new clients do not make a current viewer's play count again", () => {
  const plays = new Plays()
  for (let n = 0; n < 20_000; n++) {
    plays.note(FILM, `stranger ${n}`, n)
    if (n % 1_000 === 0) expect(plays.note(FILM, 'tv', n)).toBe(n === 0)
  }
})

test('a play counts half after 14 days and a quarter after 28', () => {
  const once = withPlay(newUsage('watched', 0), 0)
  expect([0, 14, 28].map((days) => playsAt(once, days * DAY))).toEqual([1, 0.5, 0.25])
  expect(playsAt(withPlay(once, 14 * DAY), 14 * DAY)).toBe(1.5)
})

test('a clock that was set back does not make plays worth more', () => {
  expect(faded(-DAY)).toBe(1)
})
