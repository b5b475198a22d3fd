import { expect, test } from 'vitest'
import { PieceOrder } from '../../../../../src/engine/child/fetch/piece-order.ts'
import type { PieceWindow } from '../../../../../src/engine/engine.ts'

const window = (from: number, to: number, priority: PieceWindow['priority']) => ({ from, to, priority })
const everything = () => true

function orderOf(windows: readonly PieceWindow[], isOpen = everything as (piece: number) => boolean) {
  const order = new PieceOrder(isOpen)
  order.setWindows(windows)
  return order
}

test('urgent pieces come first, then read-ahead, then background', () => {
  const order = orderOf([window(50, 51, 'background'), window(4, 5, 'ahead'), window(2, 3, 'urgent')])
  expect([...order.pieces(everything)]).toEqual([2, 3, 4, 5, 50, 51])
})

test('windows of the same priority take turns, each from its front', () => {
  const order = orderOf([window(10, 13, 'urgent'), window(90, 91, 'urgent'), window(40, 42, 'urgent')])
  expect([...order.pieces(everything)]).toEqual([10, 90, 40, 11, 91, 41, 12, 42, 13])
})

test('pieces that the peer lacks, and closed ones, are skipped', () => {
  const order = orderOf([window(0, 9, 'urgent')], (piece) => piece > 2)
  expect([...order.pieces((piece) => piece % 2 === 0)]).toEqual([4, 6, 8])
})

test('a piece that was closed and reopened is found', () => {
  const closed = new Set([0, 1, 2])
  const order = orderOf([window(0, 3, 'urgent')], (piece) => !closed.has(piece))
  expect([...order.pieces(everything)]).toEqual([3])
  closed.delete(1)
  order.reopen(1)
  expect([...order.pieces(everything)]).toEqual([1, 3])
})

test('a piece outside all windows is not included', () => {
  const order = orderOf([window(3, 4, 'urgent'), window(8, 8, 'background')])
  expect([2, 3, 4, 5, 8, 9].map((piece) => order.includes(piece))).toEqual([
    false,
    true,
    true,
    false,
    true,
    false,
  ])
})

test('a piece that closes during the iteration is skipped', () => {
  const closed = new Set<number>()
  const order = orderOf([window(0, 2, 'urgent')], (piece) => !closed.has(piece))
  const seen: number[] = []
  for (const piece of order.pieces(everything)) {
    seen.push(piece)
    closed.add(1)
  }
  expect(seen).toEqual([0, 2])
})
