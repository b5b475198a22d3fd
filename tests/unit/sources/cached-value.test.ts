import { expect, test } from 'vitest'
import { cachedValue } from '../../../src/sources/cached-value.ts'

/** A value that counts its fetches, with a clock moved by hand. */
function counting() {
  let time = 0
  let loads = 0
  let failure: Error | undefined
  const get = cachedValue(
    () => (failure ? Promise.reject(failure) : Promise.resolve(++loads)),
    () => 1_000,
    () => time,
  )
  return {
    get,
    pass(ms: number) {
      time += ms
    },
    fail(error?: Error) {
      failure = error
    },
  }
}

test('a cached value is fetched once, also for callers at the same time', async () => {
  const { get, pass } = counting()
  expect(await Promise.all([get(), get()])).toEqual([1, 1])
  pass(999)
  expect(await get()).toBe(1)
})

test('a stale value is returned at once, and a new one fetched in the background', async () => {
  const { get, pass } = counting()
  await get()
  pass(1_000)
  expect(await Promise.all([get(), get()])).toEqual([1, 1])
  expect(await get()).toBe(2)
})

test('a stale value is kept while fetching fails', async () => {
  const { get, pass, fail } = counting()
  await get()
  pass(1_000)
  fail(new Error('down'))
  expect([await get(), await get()]).toEqual([1, 1])
  fail(undefined)
  expect(await get()).toBe(1)
  pass(60_000)
  await get()
  expect(await get()).toBe(2)
})

test('without any value a failure is passed on, and the next caller tries again', async () => {
  const { get, fail } = counting()
  fail(new Error('down'))
  await expect(get()).rejects.toThrow('down')
  fail(undefined)
  expect(await get()).toBe(1)
})
