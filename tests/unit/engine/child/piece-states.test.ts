import { expect, test } from 'vitest'
import { PieceStates } from '../../../../src/engine/child/piece-states.ts'

test('a claimed piece is there, and is verified only after a check', () => {
  const states = new PieceStates(4, [1])
  expect([states.isThere(1), states.isClaimed(1), states.isVerified(1)]).toEqual([true, true, false])
  states.verify(1)
  expect([states.isThere(1), states.isClaimed(1), states.isVerified(1)]).toEqual([true, false, true])
})

test('a piece that was neither claimed nor verified is not there, nor one beyond the end', () => {
  const states = new PieceStates(4, [1])
  expect([0, 4, -1, Number.NaN].map((piece) => states.isThere(piece))).toEqual([false, false, false, false])
})

test('a doubted piece is claimed again, and a missing one stays missing', () => {
  const states = new PieceStates(4, [])
  for (const piece of [0, 1, 3]) states.verify(piece)
  states.doubt(1, 2)
  expect([0, 1, 2, 3].map((piece) => states.isVerified(piece))).toEqual([true, false, false, true])
  expect([0, 1, 2, 3].map((piece) => states.isThere(piece))).toEqual([true, true, false, true])
  states.doubt()
  expect([0, 1, 2, 3].map((piece) => states.isClaimed(piece))).toEqual([true, true, false, true])
})

test('forgetting pieces returns those that were there', () => {
  const states = new PieceStates(6, [2, 5])
  states.verify(4)
  expect(states.forgetAll(1, 4)).toEqual([2, 4])
  expect([2, 4, 5].map((piece) => states.isThere(piece))).toEqual([false, false, true])
  expect(states.forgetAll(1, 4)).toEqual([])
})
