import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { Assembly, BLOCK_BYTES } from '../../../../../src/engine/child/fetch/assembly.ts'
import { patternBytes } from '../../../../support/pattern-bytes.ts'

const anna = { name: 'Anna' }
const bert = { name: 'Bert' }

const begin = (length: number) => new Assembly<{ name: string }>(0, Buffer.alloc(length))

test('blocks are handed out from the front, each once, until one is given back', () => {
  const assembly = begin(3 * BLOCK_BYTES)
  expect([assembly.takeFree(), assembly.takeFree(), assembly.takeFree(), assembly.takeFree()]).toEqual([
    0,
    1,
    2,
    undefined,
  ])
  assembly.unask(1)
  expect(assembly.hasFree).toBe(true)
  expect([assembly.takeFree(), assembly.takeFree()]).toEqual([1, undefined])
})

test('a block requested from two peers is free only when both have given up', () => {
  const assembly = begin(BLOCK_BYTES)
  assembly.takeFree()
  assembly.ask(0)
  assembly.unask(0)
  expect([assembly.askedFor(0), assembly.hasFree]).toEqual([1, false])
  assembly.unask(0)
  expect([assembly.askedFor(0), assembly.hasFree]).toEqual([0, true])
})

test('a received block is not free, even when a peer gives up on it', () => {
  const assembly = begin(2 * BLOCK_BYTES)
  assembly.takeFree()
  assembly.put(0, Buffer.alloc(BLOCK_BYTES), anna)
  assembly.unask(0)
  expect(assembly.takeFree()).toBe(1)
})

test('the last block is as long as the rest of the piece', () => {
  const assembly = begin(BLOCK_BYTES + 5)
  expect([assembly.blockCount, assembly.lengthOf(0), assembly.lengthOf(1)]).toEqual([2, BLOCK_BYTES, 5])
})

test('the hash is right in any order of blocks, and the sender of each is known', () => {
  const bytes = patternBytes(5 * BLOCK_BYTES - 100)
  const assembly = begin(bytes.length)
  const block = (index: number) => bytes.subarray(index * BLOCK_BYTES, (index + 1) * BLOCK_BYTES)
  for (const index of [3, 0, 4, 1]) assembly.put(index, block(index), index % 2 ? anna : bert)
  expect(assembly.isComplete).toBe(false)
  assembly.put(2, block(2), anna)
  expect(assembly.isComplete).toBe(true)
  expect(assembly.digest().toString('hex')).toBe(createHash('sha1').update(bytes).digest('hex'))
  expect(assembly.givers).toEqual([bert, anna, anna, anna, bert])
})

test('of a block received twice, the first copy and its sender count', () => {
  const assembly = begin(BLOCK_BYTES)
  assembly.put(0, Buffer.alloc(BLOCK_BYTES, 1), anna)
  assembly.put(0, Buffer.alloc(BLOCK_BYTES, 2), bert)
  expect([assembly.givers[0], assembly.bytesOf(0)[0]]).toEqual([anna, 1])
})

test.for([
  ['all of a block, and parts of two', 5_000, 2 * BLOCK_BYTES, [1]],
  ['the end of a piece whose last block is short', 2 * BLOCK_BYTES + 5, 2 * BLOCK_BYTES - 10, [3]],
  ['the beginning', 0, BLOCK_BYTES, [0]],
  ['less than a block', 5, BLOCK_BYTES - 6, []],
  ['all of it', 0, 4 * BLOCK_BYTES - 5, [0, 1, 2, 3]],
] as const)('zero padding at %s is not requested from peers', ([, offset, length, filled]) => {
  const bytes = Buffer.alloc(4 * BLOCK_BYTES - 5, 1)
  const assembly = new Assembly<{ name: string }>(0, bytes)
  assembly.fillZeros({ offset, length })
  expect([0, 1, 2, 3].filter((block) => assembly.isThere(block))).toEqual(filled)
  expect([assembly.missing, assembly.hasZeros]).toEqual([4 - filled.length, filled.length > 0])
  const asked: number[] = []
  for (let block = assembly.takeFree(); block !== undefined; block = assembly.takeFree()) asked.push(block)
  expect([...asked, ...filled].sort()).toEqual([0, 1, 2, 3])
  for (const block of asked) assembly.put(block, Buffer.alloc(assembly.lengthOf(block), 2), anna)
  const expected = Buffer.alloc(bytes.length, 2)
  for (const block of filled) expected.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES).fill(0)
  expect(assembly.isComplete).toBe(true)
  expect(assembly.digest()).toEqual(createHash('sha1').update(expected).digest())
})
