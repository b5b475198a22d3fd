import { expect, test } from 'vitest'
import { createCircuitBreaker } from '../../../src/sources/circuit-breaker.ts'

const SECOND = 1_000

test('two failures in a row do not open the breaker, and a success resets them', () => {
  const breaker = createCircuitBreaker()
  for (let round = 0; round < 5; round++) {
    expect([breaker.failed(0, 'a'), breaker.failed(0, 'b'), breaker.pass(0)]).toEqual([
      undefined,
      undefined,
      true,
    ])
    breaker.succeeded()
  }
})

test('each pause of the breaker is twice as long as the one before, up to ten minutes', () => {
  const breaker = createCircuitBreaker()
  breaker.failed(0, 'a')
  breaker.failed(0, 'b')
  let now = 0
  const pauses = Array.from({ length: 7 }, () => {
    const pause = breaker.failed(now, 'c') ?? 0
    now += pause
    expect([breaker.pass(now - 1), breaker.pass(now)]).toEqual([false, true])
    return pause / SECOND
  })
  expect(pauses).toEqual([30, 60, 120, 240, 480, 600, 600])
})

test('after a pause only one request may try', () => {
  const breaker = createCircuitBreaker()
  for (let failure = 0; failure < 3; failure++) breaker.failed(0, `tt${failure}`)
  expect([breaker.pass(30 * SECOND), breaker.pass(30 * SECOND)]).toEqual([true, false])
  breaker.succeeded()
  expect([breaker.pass(30 * SECOND), breaker.pass(30 * SECOND)]).toEqual([true, true])
})

test('a request from before the pause that fails within it does not make the pause longer', () => {
  const breaker = createCircuitBreaker()
  const pauses = Array.from({ length: 16 }, (_, at) => breaker.failed(0, `tt${at}`)).filter(
    (pause) => pause !== undefined,
  )
  expect(pauses).toEqual([30 * SECOND])
  expect(breaker.pass(30 * SECOND)).toBe(true)
})

test('failures for the same id count once, and a failed try after a pause counts for any id', () => {
  const breaker = createCircuitBreaker()
  for (let again = 0; again < 10; again++) expect(breaker.failed(0, 'a')).toBeUndefined()
  expect(breaker.pass(0)).toBe(true)
  expect([breaker.failed(0, 'b'), breaker.failed(0, 'c')]).toEqual([undefined, 30 * SECOND])
  expect(breaker.pass(30 * SECOND)).toBe(true)
  expect(breaker.failed(30 * SECOND, 'a')).toBe(60 * SECOND)
})
