import { expect, test } from 'vitest'
import { piecesIn, writeBitfield } from '../../../../src/domain/bittorrent/bitfield.ts'

test.for([
  [0, [], []],
  [1, [0], [0b1000_0000]],
  [8, [0, 7], [0b1000_0001]],
  [9, [8], [0, 0b1000_0000]],
  [12, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], [0xff, 0xf0]],
  [16, [], [0, 0]],
] as const)('in a bitfield of %i pieces, %j are the bytes %j', ([count, pieces, bytes]) => {
  const bits = writeBitfield(count, (piece) => pieces.includes(piece as never))
  expect([...bits]).toEqual(bytes)
  expect([...piecesIn(bits, count)]).toEqual(pieces)
})

test('spare bits at the end of a bitfield are ignored', () => {
  expect([...piecesIn(Uint8Array.of(0xff), 3)]).toEqual([0, 1, 2])
})

test('a bitfield that is too short lacks the pieces after its end', () => {
  expect([...piecesIn(Uint8Array.of(0xff), 20)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  expect([...piecesIn(new Uint8Array(), 20)]).toEqual([])
})
