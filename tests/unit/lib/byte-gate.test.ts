import { expect, test } from 'vitest'
import { ByteGate } from '../../../src/lib/byte-gate.ts'

/** Work that lasts until it is told to end. */
function worksite(gate: ByteGate) {
  const begun: string[] = []
  const ends = new Map<string, PromiseWithResolvers<void>>()
  const begin = (name: string, bytes: number) => {
    const end = Promise.withResolvers<void>()
    ends.set(name, end)
    const done = gate.run(bytes, async () => {
      begun.push(name)
      await end.promise
      return name
    })
    done.catch(() => undefined)
    return done
  }
  return { begun, begin, end: (name: string) => ends.get(name)?.resolve(), ends }
}

const settled = () => new Promise((done) => setImmediate(done))

test('work runs in parallel as long as it fits', async () => {
  const gate = new ByteGate(10)
  const { begun, begin, end } = worksite(gate)
  const first = begin('a', 6)
  void begin('b', 4)
  void begin('c', 1)
  await settled()
  expect([begun, gate.usedBytes]).toEqual([['a', 'b'], 10])
  end('a')
  expect(await first).toBe('a')
  await settled()
  expect([begun, gate.usedBytes]).toEqual([['a', 'b', 'c'], 5])
})

test('small work does not overtake large work that waits', async () => {
  const gate = new ByteGate(10)
  const { begun, begin, end } = worksite(gate)
  void begin('a', 6)
  void begin('large', 8)
  void begin('small', 1)
  await settled()
  expect(begun).toEqual(['a'])
  end('a')
  await settled()
  expect(begun).toEqual(['a', 'large', 'small'])
})

test('work larger than the bound runs alone', async () => {
  const gate = new ByteGate(10)
  const { begun, begin, end } = worksite(gate)
  void begin('a', 1)
  void begin('huge', 50)
  void begin('b', 1)
  await settled()
  expect(begun).toEqual(['a'])
  end('a')
  await settled()
  expect(begun).toEqual(['a', 'huge'])
  end('huge')
  await settled()
  expect(begun).toEqual(['a', 'huge', 'b'])
})

test('work that fails frees its share', async () => {
  const gate = new ByteGate(10)
  const { begun, begin, ends } = worksite(gate)
  const failing = begin('a', 10)
  void begin('b', 10)
  ends.get('a')?.reject(new Error('no'))
  await expect(failing).rejects.toThrow('no')
  await settled()
  expect(begun).toEqual(['a', 'b'])
})
