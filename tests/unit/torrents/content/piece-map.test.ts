import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { writeBitfield } from '../../../../src/domain/bittorrent/bitfield.ts'
import { PieceMap } from '../../../../src/torrents/content/piece-map.ts'

const { signal: never } = new AbortController()

test('every piece of a new map is missing', () => {
  const map = new PieceMap(10)
  expect(map.count('missing', 0, 9)).toBe(10)
  expect([map.stateOf(0), map.isMissing(9)]).toEqual(['missing', true])
})

test('pieces of an earlier run are claimed, not verified', () => {
  const map = new PieceMap(
    10,
    writeBitfield(10, (piece) => piece >= 8),
  )
  expect([7, 8, 9].map((piece) => map.stateOf(piece))).toEqual(['missing', 'claimed', 'claimed'])
})

test('a bitfield of the wrong length is used as far as it goes', () => {
  expect(new PieceMap(3, Uint8Array.of(0xff, 0xff)).count('claimed', 0, 2)).toBe(3)
  expect(new PieceMap(20, Uint8Array.of(0xff)).count('claimed', 0, 19)).toBe(8)
})

test('pieces change from one state to another and back', () => {
  const map = new PieceMap(4)
  map.markVerified([0, 1, 2])
  map.markClaimed([1])
  map.markMissing([2])
  expect([0, 1, 2, 3].map((piece) => map.stateOf(piece))).toEqual([
    'verified',
    'claimed',
    'missing',
    'missing',
  ])
  expect(map.count('verified', 0, 3)).toBe(1)
  expect(map.count('missing', 2, 3)).toBe(2)
})

test('the bitfield has every piece that is not missing', () => {
  const map = new PieceMap(9, Uint8Array.of(0b1000_0000, 0))
  map.markVerified([8])
  expect([...map.toBitfield()]).toEqual([0b1000_0000, 0b1000_0000])
})

test('a piece beyond the last is ignored', () => {
  const map = new PieceMap(2)
  map.markVerified([2, 1_000_000])
  expect(map.count('verified', 0, 1_000_000)).toBe(0)
  expect(map.toBitfield()).toHaveLength(1)
})

test.for(['markVerified', 'markClaimed'] as const)('a waiter for a piece is woken by %s', async (mark) => {
  const map = new PieceMap(4)
  const waiting = [map.whenThere(1, never), map.whenThere(1, never), map.whenThere(3, never)]
  map[mark]([1, 3])
  await Promise.all(waiting)
})

test('waiting for a piece that is there returns at once', async () => {
  const map = new PieceMap(2)
  map.markVerified([0])
  await map.whenThere(0, never)
})

test('other pieces do not wake a waiter', async () => {
  const map = new PieceMap(4)
  let isThere = false
  const waits = map.whenThere(1, never).then(() => {
    isThere = true
  })
  map.markVerified([0, 2])
  map.markMissing([1])
  await new Promise(setImmediate)
  expect(isThere).toBe(false)
  map.markVerified([1])
  await waits
})

test('a waiter that aborts leaves nothing behind and does not affect others', async () => {
  const map = new PieceMap(2)
  const leaving = new AbortController()
  const gaveUp = map.whenThere(1, leaving.signal)
  const waits = map.whenThere(1, never)
  leaving.abort(new Error('gone'))
  await expect(gaveUp).rejects.toThrow('gone')
  expect(getEventListeners(leaving.signal, 'abort')).toHaveLength(0)
  map.markVerified([1])
  await waits
})

test('a map that has failed gives the error to those who wait now and later, and still has its pieces', async () => {
  const map = new PieceMap(3)
  map.markVerified([1])
  const waiting = map.whenThere(0, never)
  map.fail(new Error('not saved'))
  await expect(waiting).rejects.toThrow('not saved')
  await expect(map.whenThere(2, never)).rejects.toThrow('not saved')
  await map.whenThere(1, never)
})

test('failing the waiters gives them the error, and they may wait again', async () => {
  const map = new PieceMap(3)
  const waiting = Promise.allSettled([map.whenThere(0, never), map.whenThere(2, never)])
  map.failWaiters(new Error('no peers'))
  expect(await waiting).toMatchObject([
    { reason: { message: 'no peers' } },
    { reason: { message: 'no peers' } },
  ])
  const again = map.whenThere(0, never)
  map.markVerified([0])
  await again
})
