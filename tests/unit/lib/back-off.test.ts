import { expect, test } from 'vitest'
import { pauseAfter } from '../../../src/lib/back-off.ts'

const BACK_OFF = { first: 100, max: 1_500 }

test.for([
  [1, 100],
  [2, 200],
  [3, 400],
  [4, 800],
  [5, 1_500],
  [6, 1_500],
])('after %i failures in a row the pause is %i ms', ([failures, pauseMs]) => {
  expect(pauseAfter(failures ?? 0, BACK_OFF)).toBe(pauseMs)
})

test('any number of failures makes no pause longer than the longest', () => {
  expect(pauseAfter(5_000, BACK_OFF)).toBe(1_500)
})
