import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dictionarySpans, listSpans, type Span } from '../../../../src/domain/bittorrent/bencode-spans.ts'
import { decode } from '../../../../src/lib/bencoding.ts'
import { atOnce } from '../../../../src/lib/in-turns.ts'

const bytes = (text: string) => Buffer.from(text, 'latin1')

function spansAt(text: string, key: string): readonly Span[] {
  return atOnce(dictionarySpans(bytes(text), new Set([key])))?.get(key) ?? []
}

function valueAt(text: string, key: string): string | undefined {
  const [span] = spansAt(text, key)
  return span && text.slice(span.start, span.end)
}

test.for([
  ['alone', 'd4:infod1:ai1eee', 'd1:ai1ee'],
  ['after a value with the text of the key', 'd1:a4:info4:infoi1ee', 'i1e'],
  ['after a dictionary that has the key', 'd1:ad4:infoi7ee4:infoi1ee', 'i1e'],
  ['after text that looks like the key', 'd1:a10:4:infoi7ee4:infoi1ee', 'i1e'],
  ['before other keys', 'd4:infoi1e1:a4:infoe', 'i1e'],
  ['with bytes after the end of the dictionary', 'd4:infoi1eed4:infoi2ee', 'i1e'],
  ['with itself as a key inside', 'd4:infod4:infoi2eee', 'd4:infoi2ee'],
  ['as empty text', 'd4:info0:e', '0:'],
] as const)('the value of a key is found: %s', ([, text, expected]) => {
  expect(valueAt(text, 'info')).toBe(expected)
})

test.for([
  ['its value is missing', 'd4:infoe'],
  ['the end is missing', 'd4:infoi1e'],
  ['a key is a number', 'di1e4:infoe'],
  ['a number has no digits', 'd4:infoiee'],
  ['a number has a sign of its own', 'd4:infoi+1ee'],
  ['a number has a fraction', 'd4:infoi1.5ee'],
  ['a text is longer than the bytes', 'd4:info99:ae'],
  ['a length has a thousand digits', `d4:info${'9'.repeat(1_000)}:ae`],
  ['it is nested too deep', `d4:info${'l'.repeat(200_000)}`],
] as const)('broken bencode is refused: %s', ([, text]) => {
  expect(() => spansAt(text, 'info')).toThrow()
})

test.for([
  ['side by side', 'd4:infoi1e4:info1:xe', ['i1e', '1:x']],
  ['with others between', 'd4:infoi1e1:ai0e4:infoi2ee', ['i1e', 'i2e']],
  ['unsorted, and the same', 'd4:infoi1e3:abci0e4:infoi1e1:zlee', ['i1e', 'i1e']],
  ['nowhere', 'd1:ad4:infoi1eee', []],
] as const)('all values of a repeated key are found: %s', ([, text, expected]) => {
  expect(spansAt(text, 'info').map(({ start, end }) => text.slice(start, end))).toEqual(expected)
})

test.for([
  ['its values', 'li1e1:ald1:ai1eeee', 9, ['i1e', '1:a', 'ld1:ai1eee']],
  ['with bytes after the end of the list', 'li1eei2e', 9, ['i1e']],
  ['empty', 'le', 9, []],
  ['no more than requested', 'li1ei2ei3ee', 2, ['i1e', 'i2e']],
] as const)('the values of a list are found: %s', ([, text, most, expected]) => {
  const spans = atOnce(listSpans(bytes(text), most))
  expect(spans?.map(({ start, end }) => text.slice(start, end))).toEqual(expected)
})

test('bytes that are not a list have no values, and an unfinished list is refused', () => {
  const read = (text: string) => atOnce(listSpans(bytes(text), 9))
  for (const text of ['', 'de', 'i1e', '1:l']) expect(read(text)).toBeUndefined()
  for (const text of ['l', 'li1e', 'l1:', 'li1e-']) expect(() => read(text)).toThrow()
})

test('a dictionary with very many values is read in small steps', () => {
  const many = bytes(`d1:al${'i1e'.repeat(100_000)}e4:infoi7ee`)
  const work = dictionarySpans(many, new Set(['info']))
  let steps = 0
  for (let step = work.next(); !step.done; step = work.next()) steps++
  expect(steps).toBeGreaterThan(20)
})

test('values are found at the same places as the decoder reads them, for any bencode', () => {
  const leaf = fc.oneof(
    fc.integer({ min: -10, max: 10 }).map((n) => `i${n}e`),
    fc.constantFrom('i-0e', 'i00e', 'i9007199254740991e', 'i12345678901234567890e', '01:a', '0:'),
    fc.constantFrom('1:a', '4:info', '2:\xc3\xa9', '1:\xff', '4:\xf0\x9f\x99\x82', '3:\xee\x80\x80'),
  )
  const key = fc.constantFrom('0:', '1:a', '4:info', '01:b', '1:\xff', '9:__proto__')
  const { value } = fc.letrec<{ value: string }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      leaf,
      fc.array(tie('value'), { maxLength: 3 }).map((items) => `l${items.join('')}e`),
      fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map((pairs) => `d${pairs.flat().join('')}e`),
    ),
  }))
  let found = 0
  fc.assert(
    fc.property(fc.array(fc.tuple(key, value), { maxLength: 5 }), (pairs) => {
      const spans = spansAt(`d${pairs.flat().join('')}e`, 'info')
      const wanted = pairs.filter(([key]) => key === '4:info').map(([, value]) => value)
      const text = `d${pairs.flat().join('')}e`
      expect(spans.map(({ start, end }) => text.slice(start, end))).toEqual(wanted)
      for (const { start, end } of spans) expect(() => decode(bytes(text.slice(start, end)))).not.toThrow()
      found += spans.length
    }),
    { numRuns: 2_000 },
  )
  expect(found).toBeGreaterThan(100)
})
