import { expect, test } from 'vitest'
import { isNotModified, isSameVersion } from '../../../src/http/conditions.ts'

const version = { etag: '"a-0"', lastModified: new Date('2024-05-06T07:08:09.500Z') }
const SAME = 'Mon, 06 May 2024 07:08:09 GMT'
const EARLIER = 'Mon, 06 May 2024 07:08:08 GMT'
const LATER = 'Mon, 06 May 2024 07:08:10 GMT'

test.for([
  [{}, false],
  [{ 'if-none-match': '"a-0"' }, true],
  [{ 'if-none-match': 'W/"a-0"' }, true],
  [{ 'if-none-match': ' * ' }, true],
  [{ 'if-none-match': '"x", "a-0" , W/"y"' }, true],
  [{ 'if-none-match': '"with, comma", "a-0"' }, true],
  [{ 'if-none-match': '"a-1"' }, false],
  [{ 'if-none-match': 'a-0' }, false],
  [{ 'if-none-match': '' }, false],
  [{ 'if-modified-since': SAME }, true],
  [{ 'if-modified-since': LATER }, true],
  [{ 'if-modified-since': EARLIER }, false],
  [{ 'if-modified-since': 'yesterday' }, false],
  [{ 'if-none-match': '"a-1"', 'if-modified-since': LATER }, false],
  [{ 'if-none-match': '"a-0"', 'if-modified-since': EARLIER }, true],
  [{ 'if-none-match': '"a-0"', 'cache-control': 'no-cache' }, false],
  [{ 'if-none-match': '"a-0"', 'cache-control': 'max-age=0' }, true],
] as const)('with headers %j, the answer is "not modified": %s', ([headers, expected]) => {
  expect(isNotModified(headers, version)).toBe(expected)
})

test('without a date, only the entity tag is compared', () => {
  expect(isNotModified({ 'if-modified-since': LATER }, { etag: '"a-0"' })).toBe(false)
  expect(isSameVersion(SAME, { etag: '"a-0"' })).toBe(false)
})

test.for([
  ['"a-0"', true],
  [SAME, true],
  ['W/"a-0"', false],
  ['"a-1"', false],
  [EARLIER, false],
  [LATER, false],
  ['nonsense', false],
  ['*', false],
] as const)('If-Range %s allows a client to resume: %s', ([condition, expected]) => {
  expect(isSameVersion(condition, version)).toBe(expected)
})
