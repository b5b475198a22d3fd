import { expect, test } from 'vitest'
import { heapBytes } from '../../../src/lib/heap-bytes.ts'

test.for<readonly [unknown, number]>([
  ['x'.repeat(1_000), 2_000],
  [{ a: { b: ['x'.repeat(1_000)] } }, 2_000],
  [new Map([['x'.repeat(500), 'y'.repeat(500)]]), 2_000],
  [new Set(['x'.repeat(1_000)]), 2_000],
  [new Uint8Array(2_000), 2_000],
  [Array.from({ length: 1_000 }, () => 1), 16_000],
])('a value of about so many bytes weighs a little more (%#)', ([value, bytes]) => {
  expect(heapBytes(value)).toBeGreaterThanOrEqual(bytes)
  expect(heapBytes(value)).toBeLessThan(bytes + 300)
})

test('nothing weighs something, so that nothing is kept without end', () => {
  for (const nothing of [undefined, null, '', 0, false, {}, []]) expect(heapBytes(nothing)).toBeGreaterThan(0)
})

test('what lies deep is weighed as well', () => {
  let deep: unknown = 'x'.repeat(1_000)
  for (let level = 0; level < 100_000; level++) deep = [deep]
  expect(heapBytes(deep)).toBeGreaterThan(2_000)
})
