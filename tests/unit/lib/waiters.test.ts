import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { Waiters } from '../../../src/lib/waiters.ts'

function listenersOf(signal: AbortSignal): number {
  return getEventListeners(signal, 'abort').length
}

test('all waiters are woken, and no listener is left behind', async () => {
  const waiters = new Waiters()
  const { signal } = new AbortController()
  const waiting = [waiters.wait(signal), waiters.wait(signal)]
  expect(waiters.count).toBe(2)
  waiters.wakeAll()
  await Promise.all(waiting)
  expect([waiters.count, listenersOf(signal)]).toEqual([0, 0])
})

test('a waiter that aborts gets the reason, and the others keep waiting', async () => {
  const waiters = new Waiters()
  const impatient = new AbortController()
  const patient = new AbortController()
  const gaveUp = waiters.wait(impatient.signal)
  const waits = waiters.wait(patient.signal)
  impatient.abort(new Error('gone'))
  await expect(gaveUp).rejects.toThrow('gone')
  expect([waiters.count, listenersOf(impatient.signal)]).toEqual([1, 0])
  waiters.wakeAll()
  await waits
})

test('a waiter with an aborted signal does not wait', async () => {
  const waiters = new Waiters()
  const signal = AbortSignal.abort(new Error('gone'))
  await expect(waiters.wait(signal)).rejects.toThrow('gone')
  expect([waiters.count, listenersOf(signal)]).toEqual([0, 0])
})

test('all waiters fail with the error', async () => {
  const waiters = new Waiters()
  const { signal } = new AbortController()
  const waiting = Promise.allSettled([waiters.wait(signal), waiters.wait(signal)])
  waiters.failAll(new Error('no peers'))
  expect((await waiting).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect([waiters.count, listenersOf(signal)]).toEqual([0, 0])
})

test('a wake-up before a waiter arrives does not wake it', async () => {
  const waiters = new Waiters()
  waiters.wakeAll()
  const leaving = new AbortController()
  const waits = waiters.wait(leaving.signal)
  expect(waiters.count).toBe(1)
  leaving.abort(new Error('gone'))
  await expect(waits).rejects.toThrow('gone')
})

test('what is due is yielded as often as it is, also right away, and not without a reason', async () => {
  const waiters = new Waiters()
  const leaving = new AbortController()
  let due = 2
  let seen = 0
  const consume = async () => {
    for await (const _ of waiters.whenever(() => due > 0, leaving.signal)) {
      due--
      seen++
    }
  }
  const consumed = consume()
  await expect.poll(() => waiters.count, { interval: 1 }).toBe(1)
  expect(seen).toBe(2)
  waiters.wakeAll()
  await expect.poll(() => waiters.count, { interval: 1 }).toBe(1)
  expect(seen).toBe(2)
  due = 1
  waiters.wakeAll()
  await expect.poll(() => seen, { interval: 1 }).toBe(3)
  // What became due before the end is still yielded.
  due = 1
  leaving.abort(new Error('gone'))
  await consumed
  expect([seen, waiters.count, listenersOf(leaving.signal)]).toEqual([4, 0, 0])
})
