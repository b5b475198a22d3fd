import { expect, test } from 'vitest'
import type { InfoHash } from '../../../../src/domain/bittorrent/info-hash.ts'
import { parseMagnet, writeMagnet } from '../../../../src/domain/bittorrent/magnet.ts'

const HASH = 'dd8255ecdc7ca55fb0bbf81323d87062db1f6d1c' as InfoHash
const BASE32 = '3WBFL3G4PSSV7MF37AJSHWDQMLNR63I4'

test.for([
  ['a magnet link', `magnet:?xt=urn:btih:${HASH}`],
  ['a base32 hash', `magnet:?xt=urn:btih:${BASE32}`],
  ['an upper-case scheme and topic', `MAGNET:?xt=URN:BTIH:${HASH.toUpperCase()}`],
  ['an encoded topic', `magnet:?xt=urn%3Abtih%3A${HASH}`],
  ['a topic that is not the first parameter', `magnet:?dn=x&xt=urn:btih:${HASH}`],
  ['a hybrid torrent', `magnet:?xt=urn:btmh:1220${'a'.repeat(64)}&xt=urn:btih:${HASH}`],
  ['a broken topic beside a good one', `magnet:?xt=urn:btih:zz&xt=urn:btih:${HASH}`],
  ['blanks around it', `  magnet:?xt=urn:btih:${HASH}\n`],
  ['broken escapes in the name', `magnet:?dn=%E0%A4%A&xt=urn:btih:${HASH}`],
  ['parameters in upper case', `magnet:?DN=x&XT=urn:btih:${HASH}`],
  ['a numbered topic', `magnet:?xt.1=urn:btih:${HASH}`],
  ['several numbered topics', `magnet:?xt.1=urn:btmh:1220${'a'.repeat(64)}&xt.2=urn:btih:${HASH}`],
  ['a fragment at the end', `magnet:?xt=urn:btih:${HASH}#dn=x`],
  ['a link copied from a web page', `magnet:?dn=x&amp;tr=udp://a.org:1&amp;xt=urn:btih:${HASH}`],
  ['a link out of a web page that escapes by number', `magnet:?dn=x&#38;xt=urn:btih:${HASH}`],
  ['a link out of a web page that escapes by hexadecimal number', `magnet:?dn=x&#x26;xt=urn:btih:${HASH}`],
  ['a link that was escaped twice', `magnet:?dn=x&amp;amp;xt=urn:btih:${HASH}`],
  ['a link that was escaped twice in two ways', `magnet:?dn=x&amp;#38;xt=urn:btih:${HASH}`],
  ['a link that a mail broke into lines', `magnet:?dn=x&xt=urn:\r\n  btih:${HASH}`.replace('  ', '')],
  ['a link all in upper case', `MAGNET:?DN=X&AMP;XT=URN:BTIH:${HASH.toUpperCase()}`],
  ['a bare info hash', HASH],
  ['a bare info hash in upper case with blanks', ` ${HASH.toUpperCase()} `],
  ['a bare base32 hash', BASE32],
] as const)('a magnet link is read: %s', ([, text]) => {
  expect(parseMagnet(text)?.infoHash).toBe(HASH)
})

test.for([
  '',
  'magnet:',
  'magnet:?',
  'magnet:?dn=only-a-name',
  'magnet:?xt=urn:btih:',
  'magnet:?xt=urn:btih:tooshort',
  'magnet:?xt=urn:sha1:YNCKHTQCWBTRNJIV4WNAE52SJUQCZO5C',
  `magnet:?xt=urn:btmh:1220${'a'.repeat(64)}`,
  `magnet:xt=urn:btih:${HASH}`,
  `http://example.org/?xt=urn:btih:${HASH}`,
  `stremio-magnet:?xt=urn:btih:${HASH}`,
  `xt=urn:btih:${HASH}`,
])('"%s" is not a magnet link to a torrent', (text) => {
  expect(parseMagnet(text)).toBeUndefined()
})

test('name and trackers are read from a magnet link, each tracker once', () => {
  const text = `magnet:?xt=urn:btih:${HASH}&dn=Big+Buck%20Bunny&tr=udp%3A%2F%2Fa.org%3A1&tr=http://b.org/x&tr=udp%3A%2F%2Fa.org%3A1`
  expect(parseMagnet(text)).toEqual({
    infoHash: HASH,
    name: 'Big Buck Bunny',
    trackers: ['udp://a.org:1', 'http://b.org/x'],
  })
})

test.for([
  ['an empty one is ignored', '&tr=&tr=udp://a.org:1&tr'],
  ['one with an upper-case key is taken', '&TR=udp://a.org:1'],
  ['numbered ones are taken, each once', '&tr.1=udp://a.org:1&tr.2=udp://a.org:1'],
  ['one in a fragment is ignored', '&tr=udp://a.org:1#&tr=udp://b.org:1'],
] as const)('of the trackers in a magnet link, %s', ([, params]) => {
  expect(parseMagnet(`magnet:?xt=urn:btih:${HASH}&dn=${params}`)).toEqual({
    infoHash: HASH,
    trackers: ['udp://a.org:1'],
  })
})

test('parameters of a magnet link that name other servers and peers are ignored', () => {
  const text = `magnet:?xt=urn:btih:${HASH}&ws=http://10.0.0.1/&xs=http://10.0.0.1/&as=http://10.0.0.1/&x.pe=10.0.0.1:1`
  expect(parseMagnet(text)).toEqual({ infoHash: HASH, trackers: [] })
})

test.for([
  [
    'so=0,2,4,6-8',
    [
      [0, 0],
      [2, 2],
      [4, 4],
      [6, 8],
    ],
  ],
  ['so=12', [[12, 12]]],
  ['so=5-5', [[5, 5]]],
  [
    'so=0%2C2',
    [
      [0, 0],
      [2, 2],
    ],
  ],
  ['SO=1', [[1, 1]]],
  [
    'so=1&so=3',
    [
      [1, 1],
      [3, 3],
    ],
  ],
  [
    'so.1=1&so.2=3-4',
    [
      [1, 1],
      [3, 4],
    ],
  ],
  [
    'so=1, 3',
    [
      [1, 1],
      [3, 3],
    ],
  ],
  ['amp;so=7', [[7, 7]]],
  [
    'so=x,2,-1,3-,8-6,1.5,99999999999,4',
    [
      [2, 2],
      [4, 4],
    ],
  ],
] as const)('%s selects files', ([param, selected]) => {
  expect(parseMagnet(`magnet:?xt=urn:btih:${HASH}&${param}&dn=x`)).toEqual({
    infoHash: HASH,
    name: 'x',
    trackers: [],
    selected,
  })
})

test.for(['so=', 'so', 'so=all', 'so=-', 'so=8-6', 'so=,,', 'xso=1'])('%s selects no files', (param) => {
  expect(parseMagnet(`magnet:?xt=urn:btih:${HASH}&${param}`)).toEqual({ infoHash: HASH, trackers: [] })
})

test('a written magnet link has only the info hash and the trackers', () => {
  expect(writeMagnet(HASH)).toBe(`magnet:?xt=urn:btih:${HASH}`)
  expect(writeMagnet(HASH, ['udp://a.org:1', 'http://b.org/?x=1&y=2'])).toBe(
    `magnet:?xt=urn:btih:${HASH}&tr=udp%3A%2F%2Fa.org%3A1&tr=http%3A%2F%2Fb.org%2F%3Fx%3D1%26y%3D2`,
  )
})

test('a written magnet link reads back as the same', () => {
  const trackers = ['http://b.org/a+b?x=1&tr=2#f', 'udp://ü.org:1/%20']
  expect(parseMagnet(writeMagnet(HASH, trackers))).toEqual({ infoHash: HASH, trackers })
})

test('trackers of a link copied from a web page are unescaped', () => {
  const link = `magnet:?xt=urn:btih:${HASH}&amp;tr=udp%3A%2F%2Fa.org%3A1&amp;amp;tr=http%3A%2F%2Fb.org%2F%3Fa%3D1%26b%3D2`
  expect(parseMagnet(link)?.trackers).toEqual(['udp://a.org:1', 'http://b.org/?a=1&b=2'])
})
