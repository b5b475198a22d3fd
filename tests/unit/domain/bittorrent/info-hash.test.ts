import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { infoHashesIn, parseInfoHash } from '../../../../src/domain/bittorrent/info-hash.ts'

const HEX = 'dd8255ecdc7ca55fb0bbf81323d87062db1f6d1c'
const BASE32 = '3WBFL3G4PSSV7MF37AJSHWDQMLNR63I4'

test.for([
  ['40 hex digits', HEX],
  ['upper-case hex', HEX.toUpperCase()],
  ['mixed-case hex', `DD${HEX.slice(2)}`],
  ['32 base32 letters', BASE32],
  ['lower-case base32', BASE32.toLowerCase()],
] as const)('an info hash of %s is read as lower-case hex', ([, text]) => {
  expect(parseInfoHash(text)).toBe(HEX)
})

test('leading zeros of a base32 info hash are kept', () => {
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
])('"%s" is not an info hash', (text) => {
  expect(parseInfoHash(text)).toBeUndefined()
})

const B32HEX = parseInfoHash('VPG66AJDIVTYTK6N54ASGRLHRGV433YB')
const OTHER = '39730aa7c09b864432bc8c878c20c933059241fd'

test.for([
  ['hex digits', `${HEX}.mp4`, [HEX]],
  ['hex digits between words', `My Film [${HEX.toUpperCase()}] 1080p.MKV`, [HEX]],
  ['base32 letters', `Film.${BASE32}.mkv`, [HEX]],
  ['base32 letters in any case', `film_${BASE32.toLowerCase()}`, [HEX]],
  ['the same in both forms, once', `${HEX} ${BASE32}`, [HEX]],
  ['several, in their order', `${OTHER}-${HEX}.mkv`, [OTHER, HEX]],
  ['one of each form, hex in front', `VPG66AJDIVTYTK6N54ASGRLHRGV433YB ${HEX}.mkv`, [HEX, B32HEX]],
  [
    'one that stands alone before those in a longer run',
    `0${OTHER} ${HEX}`,
    [HEX, `0${OTHER.slice(0, 39)}`, OTHER],
  ],
  ['one followed by a letter of the same alphabet', `${HEX}0.mp4`, [HEX, `${HEX.slice(1)}0`]],
  ['one after letters that are not hex digits', `film${HEX}`, [HEX]],
] as const)('info hashes are found in a file name: %s', ([, name, expected]) => {
  expect(infoHashesIn(name)).toEqual(expected)
})

test.for([
  '',
  'Film.mkv',
  `${HEX.slice(1)}.mp4`,
  `${HEX.slice(0, 20)}-${HEX.slice(20)}.mp4`,
  `${BASE32.slice(1)}.mkv`,
  'A film with many words, none of them long (2024) 1080p WEB-DL.mkv',
  // A letter that becomes ASCII in lower case, as the Kelvin sign does.
  `\u212a${BASE32.slice(1)}`,
])('no info hash is found in "%s"', (name) => {
  expect(infoHashesIn(name)).toEqual([])
})

test('in a name that is one long run, only a limited number of positions are tried', () => {
  const digits = createHash('sha512').update('film').digest('hex')
  expect(infoHashesIn(digits.repeat(2))).toHaveLength(64)
  expect(infoHashesIn(`${digits.repeat(100)} ${HEX}`)[0]).toBe(HEX)
})
