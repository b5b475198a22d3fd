import { expect, test } from 'vitest'
import { decode, encode } from '../../../src/lib/bencoding.ts'

const bytes = (text: string) => Buffer.from(text, 'latin1')

test.for([
  ['a list that goes back to its own beginning', 'l-3:e'],
  ['a dictionary whose key goes back', 'd-3:i1ee'],
  ['a dictionary whose value goes back', 'd1:a-6:e'],
  ['a string of length -1', '-1:a'],
  ['a string of a length that no number holds', `${'9'.repeat(400)}:a`],
  ['a string longer than the bytes', '5:abc'],
  ['a key longer than the bytes', 'd9999999999:a'],
  ['lists 101 deep', `${'l'.repeat(101)}${'e'.repeat(101)}`],
  ['lists 1 000 000 deep', 'l'.repeat(1_000_000)],
  ['dictionaries 10 000 deep', 'd1:a'.repeat(10_000)],
  ['a million empty lists', `l${'le'.repeat(1_000_000)}e`],
  ['a number without end', 'i1'],
  ['letters', 'hello'],
] as const)('broken bencode is refused quickly: %s', { timeout: 10_000 }, ([, text]) => {
  expect(() => decode(bytes(text))).toThrow()
})

test.for([
  ['lists 100 deep', `${'l'.repeat(100)}${'e'.repeat(100)}`],
  ['200 000 items', `l${'i1e'.repeat(200_000)}e`],
  ['nested lists that are done again', `l${'lleeli1ee'.repeat(50_000)}e`],
  ['a string of nothing', '0:'],
] as const)('valid bencode is accepted: %s', ([, text]) => {
  expect(Buffer.from(encode(decode(bytes(text)))).equals(bytes(text))).toBe(true)
})

test('a refused text does not affect the next one', () => {
  expect(() => decode(bytes('l'.repeat(500)))).toThrow()
  expect(decode(bytes('li1ee'))).toEqual([1])
  expect(() => decode(bytes(`l${'le'.repeat(600_000)}e`))).toThrow()
  expect(decode(bytes('li2ee'))).toEqual([2])
})

test('the key __proto__ only changes the dictionary that has it', () => {
  decode(bytes('d9:__proto__d8:pollutedi1eee'))
  expect((Object.prototype as Record<string, unknown>).polluted).toBeUndefined()
})
