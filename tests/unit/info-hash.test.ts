import { expect, test } from 'vitest'
import { parseInfoHash } from '../../src/domain/info-hash.ts'

const HEX = 'dd8255ecdc7ca55fb0bbf81323d87062db1f6d1c'
const BASE32 = '3WBFL3G4PSSV7MF37AJSHWDQMLNR63I4'

test.for([
  ['40 hex digits', HEX],
  ['upper-case hex', HEX.toUpperCase()],
  ['mixed-case hex', `DD${HEX.slice(2)}`],
  ['32 base32 letters', BASE32],
  ['lower-case base32', BASE32.toLowerCase()],
] as const)('%s are an info hash, and become lower-case hex', ([, text]) => {
  expect(parseInfoHash(text)).toBe(HEX)
})

test('leading zeros of a base32 hash are kept', () => {
  expect(parseInfoHash('A'.repeat(32))).toBe('0'.repeat(40))
  expect(parseInfoHash(`${'A'.repeat(31)}B`)).toBe(`${'0'.repeat(39)}1`)
  expect(parseInfoHash('7'.repeat(32))).toBe('f'.repeat(40))
})

test.for([
  '',
  HEX.slice(1),
  `${HEX}0`,
  `${HEX}\n`,
  ` ${HEX}`,
  `0x${HEX.slice(2)}`,
  'g'.repeat(40),
  BASE32.slice(1),
  `${BASE32}A`,
  '1'.repeat(32),
  '0'.repeat(32),
  '8'.repeat(32),
  'İ'.repeat(32),
  '../'.repeat(13),
  'a'.repeat(64),
])('"%s" is no info hash', (text) => {
  expect(parseInfoHash(text)).toBeUndefined()
})
