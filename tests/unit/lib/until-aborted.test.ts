import { expect, test } from 'vitest'
import { untilAborted } from '../../../src/lib/until-aborted.ts'

const never = new Promise<never>(() => undefined)

test('a result or error before the abort is passed on', async () => {
  const { signal } = new AbortController()
  expect(await untilAborted(Promise.resolve(5), signal)).toBe(5)
  await expect(untilAborted(Promise.reject(new Error('broken')), signal)).rejects.toThrow('broken')
})

test('an abort ends the wait', async () => {
  const stop = new AbortController()
  const waiting = untilAborted(never, stop.signal)
  stop.abort(new Error('left'))
  await expect(waiting).rejects.toThrow('left')
  await expect(untilAborted(never, stop.signal)).rejects.toThrow('left')
})

test('an error after the abort is ignored', async () => {
  const late = Promise.withResolvers<never>()
  await expect(untilAborted(late.promise, AbortSignal.abort(new Error('left')))).rejects.toThrow('left')
  late.reject(new Error('too late'))
})
