import { expect, test } from 'vitest'
import { remember } from '../../../src/sources/cached-value.ts'

/** A value that is a number higher each time, with a clock turned by hand. */
function counting() {
  let time = 0
  let loads = 0
  let failure: Error | undefined
  const get = remember(
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

test('a value is fetched once, also for those who want it at the same time', async () => {
  const { get, pass } = counting()
  expect(await Promise.all([get(), get()])).toEqual([1, 1])
  pass(999)
  expect(await get()).toBe(1)
})

test('an old value is given at once, and a new one fetched meanwhile', async () => {
  const { get, pass } = counting()
  await get()
  pass(1_000)
  expect(await Promise.all([get(), get()])).toEqual([1, 1])
  expect(await get()).toBe(2)
})

test('while no new value can be had, the old one stays', async () => {
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

test('without any value it fails, and tries again for the next who wants it', async () => {
  const { get, fail } = counting()
  fail(new Error('down'))
  await expect(get()).rejects.toThrow('down')
  fail(undefined)
  expect(await get()).toBe(1)
})
