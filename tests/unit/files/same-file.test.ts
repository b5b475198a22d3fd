import type { Stats } from 'node:fs'
import { expect, test } from 'vitest'
import { fingerprintOf, isSameFile, isSameVersion, isUnchanged } from '../../../src/files/same-file.ts'

const FILE = { dev: 1, ino: 2, size: 3, mtimeMs: 4.5, ctimeMs: 5.5 } as Stats

test.for([
  ['nothing', {}, { unchanged: true, file: true, version: true, fingerprint: true }],
  ['its size', { size: 9 }, { unchanged: false, file: true, version: false, fingerprint: false }],
  ['its date', { mtimeMs: 4 }, { unchanged: false, file: true, version: false, fingerprint: false }],
  ['its inode', { ino: 9 }, { unchanged: true, file: false, version: false, fingerprint: false }],
  ['its device', { dev: 9 }, { unchanged: true, file: false, version: false, fingerprint: true }],
  ['only its ctime', { ctimeMs: 9 }, { unchanged: true, file: true, version: false, fingerprint: false }],
] as const)('whether a file counts as the same when %s has changed', ([, change, expected]) => {
  const now = { ...FILE, ...change } as Stats
  expect({
    unchanged: isUnchanged(now, FILE),
    file: isSameFile(now, FILE),
    version: isSameVersion(now, FILE),
    fingerprint: fingerprintOf(now) === fingerprintOf(FILE),
  }).toEqual(expected)
})

test('a missing file does not count as unchanged', () => {
  expect(isUnchanged(undefined, FILE)).toBe(false)
})
