import { expect, test } from 'vitest'
import { untilAborted } from '../../../src/lib/until-aborted.ts'

const never = new Promise<never>(() => undefined)

test('what comes before the signal is what comes', async () => {
  const { signal } = new AbortController()
  expect(await untilAborted(Promise.resolve(5), signal)).toBe(5)
  await expect(untilAborted(Promise.reject(new Error('broken')), signal)).rejects.toThrow('broken')
})

test('nobody waits longer than until the signal', async () => {
  const stop = new AbortController()
  const waiting = untilAborted(never, stop.signal)
  stop.abort(new Error('left'))
  await expect(waiting).rejects.toThrow('left')
  await expect(untilAborted(never, stop.signal)).rejects.toThrow('left')
})

test('what fails after the signal is nobody else’s business', async () => {
  const late = Promise.withResolvers<never>()
  await expect(untilAborted(late.promise, AbortSignal.abort(new Error('left')))).rejects.toThrow('left')
  late.reject(new Error('too late'))
})
