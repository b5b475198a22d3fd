import { expect, test } from 'vitest'
import { CompleteFiles } from '../../../../src/torrents/content/complete-files.ts'

const STAMP = { size: 10, mtimeMs: 5 }

test('a file is complete from when it is added until it is deleted', () => {
  const files = new CompleteFiles({ whole: {} })
  expect([files.isEmpty, files.has(0), files.delete(0)]).toEqual([true, false, false])
  files.add(0, STAMP)
  expect([files.isEmpty, files.has(0), files.has(1)]).toEqual([false, true, false])
  expect([files.delete(0), files.has(0), files.isEmpty]).toEqual([true, false, true])
})

test('files of an earlier run are complete', () => {
  expect(new CompleteFiles({ whole: { 3: STAMP } }).has(3)).toBe(true)
})

test.for([
  ['as it was', STAMP, true],
  ['of another size', { ...STAMP, size: 11 }, false],
  ['written since', { ...STAMP, mtimeMs: 6 }, false],
  ['gone', undefined, false],
] as const)('a complete file that is %s is intact: %s', ([, found, expected]) => {
  const files = new CompleteFiles({ whole: { 0: STAMP } })
  expect(files.isIntact(0, found)).toBe(expected)
  expect(files.isIntact(1, found), 'no other file is').toBe(false)
})

test('what is being saved does not change under the writer', () => {
  const files = new CompleteFiles({ whole: { 0: STAMP } })
  const saved = files.state
  files.add(1, STAMP)
  files.delete(0)
  expect(saved).toEqual({ whole: { 0: STAMP } })
  expect(files.state).toEqual({ whole: { 1: STAMP } })
})
