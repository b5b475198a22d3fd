import { expect, test } from 'vitest'
import { isInside } from '../../../src/files/real-location.ts'

test.for([
  ['/films', '/films', true],
  ['/films', '/films/a.mkv', true],
  ['/films', '/films/a/b/c.mkv', true],
  ['/films', '/films/..mkv', true],
  ['/films', '/films/..a/b.mkv', true],
  ['/', '/films', true],
  ['/films', '/', false],
  ['/films', '/films2/a.mkv', false],
  ['/films', '/other', false],
  ['/films', '/films/../other', false],
  ['/films/a', '/films/b', false],
] as const)('folder %s contains %s: %s', ([folder, path, expected]) => {
  expect(isInside(folder, path)).toBe(expected)
})
