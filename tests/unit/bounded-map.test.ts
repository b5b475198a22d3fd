import { expect, test } from 'vitest'
import { BoundedMap } from '../../src/domain/bounded-map.ts'

test('what has not been used for the longest time goes first', () => {
  const map = new BoundedMap<string, number>(2)
  map.set('a', 1)
  map.set('b', 2)
  map.get('a')
  map.set('c', 3)
  expect(['a', 'b', 'c'].map((key) => map.get(key))).toEqual([1, undefined, 3])
})

test('a new value takes the place and the weight of the old one', () => {
  const map = new BoundedMap<string, string>(5, ({ length }) => length)
  map.set('a', 'four')
  map.set('a', 'x')
  map.set('b', 'four')
  expect([map.get('a'), map.get('b')]).toEqual(['x', 'four'])
  map.set('c', 'x')
  expect([map.get('a'), map.get('b'), map.get('c')]).toEqual([undefined, 'four', 'x'])
})

test('what is too heavy by itself is not kept, and leaves room for others', () => {
  const map = new BoundedMap<string, string>(3, ({ length }) => length)
  map.set('a', 'much too long')
  map.set('b', 'abc')
  expect([map.get('a'), map.get('b')]).toEqual([undefined, 'abc'])
})
