import { expect, test } from 'vitest'
import { Assembly, BLOCK_BYTES } from '../../../../../src/engine/child/fetch/assembly.ts'
import { Blame } from '../../../../../src/engine/child/fetch/blame.ts'

type Giver = { readonly name: string }
const [anna, bert, carl]: readonly Giver[] = [{ name: 'Anna' }, { name: 'Bert' }, { name: 'Carl' }]
const PIECE = 7

/** A piece with one block from each sender, filled with one number. */
function together(
  ...blocks: readonly (readonly [giver: Giver | undefined, fill: number])[]
): Assembly<Giver> {
  const assembly = new Assembly<Giver>(PIECE, Buffer.alloc(blocks.length * BLOCK_BYTES))
  for (const [block, [giver, fill]] of blocks.entries()) {
    if (giver) assembly.put(block, Buffer.alloc(BLOCK_BYTES, fill), giver)
  }
  return assembly
}

test('no peer is blamed for a piece that is right at first', () => {
  expect(new Blame<Giver>().onRight(together([anna, 1], [bert, 2]))).toEqual([])
})

test('a wrong piece that came from one peer only is blamed on it at once', () => {
  const blame = new Blame<Giver>()
  expect(blame.onWrong(together([anna, 1], [anna, 9]))).toEqual([anna])
  expect(blame.isDistrusted(PIECE)).toBe(true)
})

test('the peer to blame for a wrong piece from several peers is found when the piece is fetched again', () => {
  const blame = new Blame<Giver>()
  expect(blame.onWrong(together([anna, 1], [bert, 9], [carl, 3]))).toEqual([])
  expect([anna, bert, carl].map((giver) => giver && blame.isSuspect(PIECE, giver))).toEqual([
    true,
    true,
    true,
  ])
  expect(blame.onRight(together([carl, 1], [carl, 2], [carl, 3]))).toEqual([bert])
  expect(blame.isDistrusted(PIECE)).toBe(false)
})

test('suspicions from the first wrong copy are kept when the second copy is wrong too', () => {
  const blame = new Blame<Giver>()
  blame.onWrong(together([anna, 1], [bert, 9]))
  expect(blame.onWrong(together([carl, 8], [carl, 8]))).toEqual([carl])
  expect(blame.onRight(together([anna, 1], [anna, 2]))).toEqual([bert])
})

test('a peer that gave no block of a wrong piece is no suspect', () => {
  const blame = new Blame<Giver>()
  blame.onWrong(together([anna, 1], [bert, 9]))
  expect(carl && blame.isSuspect(PIECE, carl)).toBe(false)
  expect(blame.isDistrusted(PIECE + 1)).toBe(false)
})
