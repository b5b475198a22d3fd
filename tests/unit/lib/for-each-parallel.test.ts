import { expect, test } from 'vitest'
import { forEachParallel } from '../../../src/lib/for-each-parallel.ts'

const ITEMS = Array.from({ length: 50 }, (_, index) => index)

test('forEachParallel works on every item once, and on 16 at a time', async () => {
  const done: number[] = []
  let running = 0
  let most = 0
  await forEachParallel(ITEMS, async (item) => {
    most = Math.max(most, ++running)
    await Promise.resolve()
    running--
    done.push(item)
  })
  expect(done.toSorted((a, b) => a - b)).toEqual(ITEMS)
  expect(most).toBe(16)
})

test('forEachParallel throws the first failure, and still works on the other items', async () => {
  const done: number[] = []
  const working = forEachParallel(ITEMS, async (item) => {
    if (item === 2) throw new Error('two')
    await Promise.resolve()
    done.push(item)
  })
  await expect(working).rejects.toThrow('two')
  await expect.poll(() => done.length).toBe(ITEMS.length - 1)
})

test('forEachParallel does nothing without items', async () => {
  await forEachParallel([], async () => expect.unreachable())
})
