import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { refusalOf } from '../../../../src/disk/disk-errors.ts'
import { Disk } from '../../../../src/engine/child/disk.ts'

const forGood = new AbortController().signal

function failure(code: string): Error {
  return Object.assign(new Error(code), { code })
}

/** A write that the disk accepts as soon as `isTaken` is set. */
function pending(code = 'ENOSPC') {
  const write = {
    isTaken: false,
    tries: 0,
    attempt: async () => {
      write.tries++
      if (!write.isTaken) throw failure(code)
    },
  }
  return write
}

test.for([
  ['ENOSPC', true],
  ['EDQUOT', true],
  ['EROFS', true],
  ['EIO', false],
  ['EACCES', false],
] as const)('a write that fails with %s waits until it can be retried: %s', async ([code, waits]) => {
  expect(refusalOf(failure(code))).toBe(waits ? code : undefined)
  const disk = new Disk()
  const refusals: string[] = []
  const closing = new AbortController()
  const writing = disk.write(1, pending(code).attempt, (refusal) => refusals.push(refusal), closing.signal)
  writing.catch(() => undefined)
  await turn()
  expect([disk.isTaking, refusals]).toEqual([!waits, waits ? [code] : []])
  closing.abort()
  await expect(writing).rejects.toThrow()
  expect(disk.isTaking).toBe(true)
})

test('waiting writes are done when there is space, and nothing is fetched until all of them are', async () => {
  const disk = new Disk()
  const [first, second] = [pending(), pending()]
  let refusals = 0
  const writing = [first, second].map(({ attempt }) => disk.write(1, attempt, () => refusals++, forGood))
  await turn()
  disk.retry()
  await turn()
  expect([first.tries, second.tries, refusals, disk.mayFetch]).toEqual([2, 2, 2, false])

  first.isTaken = true
  disk.retry()
  await writing[0]
  expect(disk.mayFetch).toBe(false)
  second.isTaken = true
  disk.retry()
  await Promise.all(writing)
  expect(disk.mayFetch).toBe(true)
})

test('a waiting write is retried from time to time without being woken', async () => {
  const disk = new Disk()
  const write = pending()
  const writing = disk.write(1, write.attempt, () => undefined, forGood)
  await turn()
  write.isTaken = true
  await writing
  expect(write.tries).toBe(2)
})

test('writes that wait for a slow disk are bounded in memory', async () => {
  const disk = new Disk(100)
  const slow = Promise.withResolvers<void>()
  const writing = disk.write(
    100,
    () => slow.promise,
    () => undefined,
    forGood,
  )
  expect([disk.isTaking, disk.mayFetch]).toEqual([true, false])
  slow.resolve()
  await writing
  expect(disk.mayFetch).toBe(true)
})
