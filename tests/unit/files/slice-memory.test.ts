import { expect, test } from 'vitest'
import { SliceMemory } from '../../../src/files/slice-memory.ts'

const KIB = 1024
const MIB = 1024 * KIB
const never = new AbortController().signal

test.for([
  [0, 512 * KIB, true],
  [3, 512 * KIB, true],
  [4, 256 * KIB, true],
  [8, 128 * KIB, true],
  [16, 32 * KIB, false],
  [64, 32 * KIB, false],
] as const)(
  'with %i of 64 MiB used, a slice has at most %i bytes, and a second slice is read ahead: %s',
  async ([used, longest, isPlenty]) => {
    const memory = new SliceMemory(64 * MIB)
    if (used > 0) await memory.take(used * MIB, never)
    expect([memory.longestSlice, memory.isPlenty]).toEqual([longest, isPlenty])
  },
)

test('waiting readers get memory in order, as soon as there is enough', async () => {
  const memory = new SliceMemory(100)
  await memory.take(60, never)
  await memory.take(40, never)
  const served: string[] = []
  const take = (name: string, bytes: number) => memory.take(bytes, never).then(() => served.push(name))
  const all = [take('first', 50), take('second', 10), take('third', 30)]
  expect(memory.waiting).toBe(3)
  // Enough for the second, whose turn it is not.
  memory.giveBack(40)
  await new Promise(setImmediate)
  expect([served, memory.usedBytes]).toEqual([[], 60])
  memory.giveBack(60)
  await Promise.all(all)
  expect([served, memory.usedBytes, memory.waiting]).toEqual([['first', 'second', 'third'], 90, 0])
})

test('a new reader does not overtake a waiting one', async () => {
  const memory = new SliceMemory(100)
  await memory.take(90, never)
  const waiting = memory.take(50, never)
  const late = memory.take(5, never)
  expect(memory.waiting).toBe(2)
  memory.giveBack(90)
  await Promise.all([waiting, late])
  expect(memory.usedBytes).toBe(55)
})

test('a reader that leaves stops waiting and blocks no other', async () => {
  const memory = new SliceMemory(100)
  await memory.take(80, never)
  const leaving = new AbortController()
  const left = memory.take(50, leaving.signal)
  const next = memory.take(20, never)
  leaving.abort(new Error('left'))
  await expect(left).rejects.toThrow('left')
  await next
  expect([memory.usedBytes, memory.waiting]).toEqual([100, 0])
  await expect(memory.take(1, AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone')
})

test('a request larger than all memory is granted when nothing else is used', async () => {
  const memory = new SliceMemory(100)
  await memory.take(1, never)
  const long = memory.take(500, never)
  expect(memory.waiting).toBe(1)
  memory.giveBack(1)
  await long
  expect(memory.usedBytes).toBe(500)
})
