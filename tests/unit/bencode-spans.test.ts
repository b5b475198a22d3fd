import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dictionarySpans, isCanonical, listSpans } from '../../src/domain/bencode-spans.ts'
import { decode, encode } from '../../src/domain/bencoding.ts'

const bytes = (text: string) => Buffer.from(text, 'latin1')

function valueAt(text: string, key: string): string | undefined {
  const span = dictionarySpans(bytes(text), new Set([key]))?.get(key)
  return span && text.slice(span.start, span.end)
}

test.for([
  ['alone', 'd4:infod1:ai1eee', 'd1:ai1ee'],
  ['behind a value of that name', 'd1:a4:info4:infoi1ee', 'i1e'],
  ['behind a dictionary with that key', 'd1:ad4:infoi7ee4:infoi1ee', 'i1e'],
  ['behind text that looks like it', 'd1:a10:4:infoi7ee4:infoi1ee', 'i1e'],
  ['in front of other keys', 'd4:infoi1e1:a4:infoe', 'i1e'],
  ['with bytes behind the end', 'd4:infoi1eed4:infoi2ee', 'i1e'],
  ['with itself as a key inside', 'd4:infod4:infoi2eee', 'd4:infoi2ee'],
  ['as empty text', 'd4:info0:e', '0:'],
] as const)('a value is found: %s', ([, text, expected]) => {
  expect(valueAt(text, 'info')).toBe(expected)
})

test.for([
  ['it stands there twice', 'd4:infoi1e4:infoi2ee'],
  ['it stands there twice, not side by side', 'd4:infoi1e1:ai0e4:infoi2ee'],
  ['its value is missing', 'd4:infoe'],
  ['the end is missing', 'd4:infoi1e'],
  ['a key is a number', 'di1e4:infoe'],
  ['a number has no digits', 'd4:infoiee'],
  ['a number has a sign of its own', 'd4:infoi+1ee'],
  ['a number has a fraction', 'd4:infoi1.5ee'],
  ['a text is longer than the bytes', 'd4:info99:ae'],
  ['a length has a thousand digits', `d4:info${'9'.repeat(1_000)}:ae`],
  ['it is nested too deep', `d4:info${'l'.repeat(200_000)}`],
  ['it has too many items', `d4:infol${'le'.repeat(300_000)}ee`],
] as const)('refused: %s', ([, text]) => {
  expect(() => dictionarySpans(bytes(text), new Set(['info']))).toThrow()
})

test.for([
  ['its values', 'li1e1:ald1:ai1eeee', ['i1e', '1:a', 'ld1:ai1eee']],
  ['with bytes behind the end', 'li1eei2e', ['i1e']],
  ['empty', 'le', []],
] as const)('the values of a list are found: %s', ([, text, expected]) => {
  expect(listSpans(bytes(text))?.map(({ start, end }) => text.slice(start, end))).toEqual(expected)
})

test('what is no list has no values, and one without an end is refused', () => {
  for (const text of ['', 'de', 'i1e', '1:l']) expect(listSpans(bytes(text))).toBeUndefined()
  for (const text of ['l', 'li1e', 'l1:', 'li1e-', `l${'le'.repeat(300_000)}e`])
    expect(() => listSpans(bytes(text))).toThrow()
})

test.for([
  ['keys that are not sorted', 'd1:bi1e1:ai1ee'],
  ['a key twice', 'd1:ai1e1:ai1ee'],
  ['keys that are not sorted, further inside', 'ld1:bi1e1:ai1eee'],
  ['a needless zero', 'i01e'],
  ['minus zero', 'i-0e'],
  ['a needless zero in a length', '01:a'],
  ['a number that JavaScript does not hold', 'i9007199254740993e'],
  ['a key that is not UTF-8', 'd1:\xffi1ee'],
  ['a key that begins with a byte order mark', 'd4:\xef\xbb\xbfai1ee'],
  ['a key that would be the prototype of an object', 'd9:__proto__i1ee'],
] as const)('another hash when it is encoded again: %s', ([, text]) => {
  expect(isCanonical(bytes(text))).toBe(false)
})

test('what it calls canonical is what the decoder and the encoder leave as it is', () => {
  const leaf = fc.oneof(
    fc.integer({ min: -10, max: 10 }).map((n) => `i${n}e`),
    fc.constantFrom('i-0e', 'i00e', 'i9007199254740991e', 'i12345678901234567890e', '01:a', '0:'),
    fc.constantFrom('1:a', '4:info', '2:\xc3\xa9', '1:\xff', '4:\xf0\x9f\x99\x82', '3:\xee\x80\x80'),
  )
  const key = fc.constantFrom(
    '0:',
    '1:a',
    '1:b',
    '2:aa',
    '2:\xc3\xa9',
    '1:\xff',
    '4:\xf0\x9f\x99\x82',
    '3:\xee\x80\x80',
  )
  const { value } = fc.letrec<{ value: string }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      leaf,
      fc.array(tie('value'), { maxLength: 3 }).map((items) => `l${items.join('')}e`),
      fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map((pairs) => `d${pairs.flat().join('')}e`),
    ),
  }))
  let canonical = 0
  fc.assert(
    fc.property(value, (text) => {
      const same = Buffer.from(encode(decode(bytes(text)))).equals(bytes(text))
      expect(isCanonical(bytes(text))).toBe(same)
      if (same) canonical++
    }),
    { numRuns: 2_000 },
  )
  expect(canonical).toBeGreaterThan(100)
})
