import { expect, test } from 'vitest'
import { lengthOf, parseRange, RangeNotSatisfiableError } from '../../../src/domain/byte-range.ts'

const SIZE = 1000

test.for([
  ['bytes=0-0', 0, 0],
  ['bytes=0-1', 0, 1],
  ['bytes=0-999', 0, 999],
  ['bytes=500-', 500, 999],
  ['bytes=0-', 0, 999],
  ['bytes=999-', 999, 999],
  ['bytes=999-999', 999, 999],
  ['bytes=-1', 999, 999],
  ['bytes=-500', 500, 999],
  ['bytes=-1000', 0, 999],
  ['bytes=5-5', 5, 5],
  ['bytes=007-009', 7, 9],
] as const)('"%s" of 1000 bytes is the range %i to %i', ([header, start, end]) => {
  expect(parseRange(header, SIZE)).toEqual({ start, end })
})

test.for([
  ['bytes=0-1000', 0],
  ['bytes=900-5000', 900],
  ['bytes=999-1000', 999],
  ['bytes=-1001', 0],
  ['bytes=-99999999999999999999', 0],
  ['bytes=5-99999999999999999999', 5],
  [`bytes=5-${'9'.repeat(400)}`, 5],
] as const)('"%s" goes past the end and is clipped to the file', ([header, start]) => {
  expect(parseRange(header, SIZE)).toEqual({ start, end: 999 })
})

test.for(['BYTES=0-1', 'Bytes=0-1', 'bYtEs=0-1', ' bytes=0-1 '])(
  'the range unit may be written as in "%s"',
  (header) => {
    expect(parseRange(header, SIZE)).toEqual({ start: 0, end: 1 })
  },
)

test.for([
  'bytes=1000-',
  'bytes=1000-1000',
  'bytes=1000-2000',
  'bytes=99999999999999999999-',
  `bytes=${'9'.repeat(400)}-`,
  'bytes=-0',
  'bytes=-000',
])('"%s" is not satisfiable, and the error has the file size', (header) => {
  expect(() => parseRange(header, SIZE)).toThrow(RangeNotSatisfiableError)
  expect(() => parseRange(header, SIZE)).toThrow(expect.objectContaining({ size: SIZE }))
})

test.for([
  undefined,
  '',
  ' ',
  'bytes',
  'bytes=',
  'bytes=-',
  'bytes=5-2',
  'bytes=2000-1000',
  'bytes=a-b',
  'bytes=5-b',
  'bytes=a-5',
  'bytes=--5',
  'bytes=5--',
  'bytes=1-2-3',
  'bytes=5',
  'bytes=0-0,5-9',
  'bytes=0-0, -1',
  'bytes=0-0,',
  'bytes=0 - 1',
  'bytes=+1-2',
  'bytes=0x1-2',
  'bytes=1.5-2',
  'bytes=1e1-',
  'bytes=٣-٤',
  'bytes:0-1',
  'items=0-1',
  'seconds=0-1',
  'none',
  '0-1',
  'x bytes=0-1',
])('"%s" is not a single byte range and is ignored', (header) => {
  expect(parseRange(header, SIZE)).toBeUndefined()
})

test.for(['bytes=0-0', 'bytes=0-', 'bytes=5-9', 'bytes=-0', 'bytes=-5'])(
  '"%s" is not satisfiable in an empty file',
  (header) => {
    expect(() => parseRange(header, 0)).toThrow(RangeNotSatisfiableError)
  },
)

test.for([undefined, 'bytes=5-2', 'items=0-1'])('an empty file is sent in full for "%s"', (header) => {
  expect(parseRange(header, 0)).toBeUndefined()
})

test('ranges beyond 4 GiB keep every digit', () => {
  expect(parseRange('bytes=8589934592-8589934593', 2 ** 40)).toEqual({ start: 2 ** 33, end: 2 ** 33 + 1 })
})

test('the length of a range includes both ends', () => {
  expect(lengthOf({ start: 0, end: 0 })).toBe(1)
  expect(lengthOf({ start: 5, end: 9 })).toBe(5)
})
