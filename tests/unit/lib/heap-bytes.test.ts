import { expect, test } from 'vitest'
import { heapBytes } from '../../../src/lib/heap-bytes.ts'

test.for<readonly [unknown, number]>([
  ['x'.repeat(1_000), 2_000],
  [{ a: { b: ['x'.repeat(1_000)] } }, 2_000],
  [new Map([['x'.repeat(500), 'y'.repeat(500)]]), 2_000],
  [new Set(['x'.repeat(1_000)]), 2_000],
  [new Uint8Array(2_000), 2_000],
  [Array.from({ length: 1_000 }, () => 1), 16_000],
])('the weight of a value is a little more than its size (%#)', ([value, bytes]) => {
  expect(heapBytes(value)).toBeGreaterThanOrEqual(bytes)
  expect(heapBytes(value)).toBeLessThan(bytes + 300)
})

test('empty values have a weight, so that a list of them is bounded too', () => {
  for (const nothing of [undefined, null, '', 0, false, {}, []]) expect(heapBytes(nothing)).toBeGreaterThan(0)
})

test('deeply nested values are weighed', () => {
  let deep: unknown = 'x'.repeat(1_000)
  for (let level = 0; level < 100_000; level++) deep = [deep]
  expect(heapBytes(deep)).toBeGreaterThan(2_000)
})
