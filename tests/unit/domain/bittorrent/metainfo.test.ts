import { createHash } from 'node:crypto'
import bencode from 'bencode'
import { expect, test } from 'vitest'
import {
  infoBytes,
  parseMetainfo,
  pieceHashAt,
  pieceLengthAt,
  piecesOf,
  splitting,
  wrapInfo,
} from '../../../../src/domain/bittorrent/metainfo.ts'
import { atOnce } from '../../../../src/lib/in-turns.ts'
import { parseTorrentFile } from '../../../../src/storage/torrent-file.ts'
import { ODD_INFOS, ODDEST, oddTorrent } from '../../../support/odd-info.ts'
import { processorMs } from '../../../support/pumped-text.ts'

const KIB = 1024
const PIECE = 16 * KIB

/** A torrent of one file of one piece, with some fields changed. */
function torrent(changes: Readonly<Record<string, unknown>> = {}, ...leftOut: readonly string[]): Uint8Array {
  const info = { name: 'film.mkv', 'piece length': PIECE, length: 100, pieces: hashes(1), ...changes }
  return bencode.encode({
    info: Object.fromEntries(Object.entries(info).filter(([key]) => !leftOut.includes(key))),
  })
}

/** A torrent of several files that fit into one piece. */
function folder(files: unknown, changes: Readonly<Record<string, unknown>> = {}): Uint8Array {
  return torrent({ name: 'folder', files, ...changes }, 'length')
}

function bitComet(number: number): string {
  return `_____padding_file_${number}_if you see this file, please update to BitComet 0.85 or above____`
}

function stripMetainfo(bytes: Uint8Array): Uint8Array {
  return wrapInfo(infoBytes(bytes))
}

function trackersOf(bytes: Uint8Array): readonly string[] {
  return atOnce(splitting(bytes)).trackers
}

function hashes(count: number): Uint8Array {
  return new Uint8Array(20 * count)
}

function raw(text: string): Uint8Array {
  return Buffer.from(text, 'latin1')
}

test('a torrent of one file lists that file', () => {
  expect(parseMetainfo(torrent())).toEqual({
    name: 'film.mkv',
    pieceLength: PIECE,
    length: 100,
    pieceCount: 1,
    pieceHashes: hashes(1),
    files: [{ path: 'film.mkv', name: 'film.mkv', length: 100, offset: 0, isPadding: false }],
    isPrivate: false,
  })
})

test.for([
  [1, true],
  [2, true],
  [-1, true],
  ['1', true],
  ['0', true],
  ['', true],
  [[], true],
  [0, false],
  [undefined, false],
] as const)('a torrent with "private" %j is private: %j', ([value, isPrivate]) => {
  expect(parseMetainfo(torrent({ private: value })).isPrivate).toBe(isPrivate)
})

test('"private" outside the info dictionary is ignored, because the info hash does not cover it', () => {
  const { info } = bencode.decode(torrent()) as { info: unknown }
  expect(parseMetainfo(bencode.encode({ info, private: 1 })).isPrivate).toBe(false)
})

test('files of a folder lie one after the other', () => {
  const { name, files, length, pieceCount } = parseMetainfo(
    folder(
      [
        { length: 20_000, path: ['Season 1', 'one.mkv'] },
        { length: 0, path: ['empty.txt'] },
        { length: 12_769, path: ['two.mkv'] },
      ],
      { pieces: hashes(3) },
    ),
  )
  expect({ name, length, pieceCount }).toEqual({ name: 'folder', length: 32_769, pieceCount: 3 })
  expect(files).toEqual([
    { path: 'Season 1/one.mkv', name: 'one.mkv', length: 20_000, offset: 0, isPadding: false },
    { path: 'empty.txt', name: 'empty.txt', length: 0, offset: 20_000, isPadding: false },
    { path: 'two.mkv', name: 'two.mkv', length: 12_769, offset: 20_000, isPadding: false },
  ])
})

test.for([
  ['the attribute "p"', { attr: 'p', path: ['zeros'] }, true],
  ['"p" among other attributes', { attr: 'xph', path: ['zeros'] }, true],
  ['the folder .pad', { path: ['.pad', '12345'] }, true],
  ['other attributes', { attr: 'xh', path: ['film.mkv'] }, false],
  ['attributes that are not text', { attr: 5, path: ['film.mkv'] }, false],
  ['a name that only begins with .pad', { path: ['.padding.mkv'] }, false],
  ["BitComet's name for padding", { path: [bitComet(0)] }, true],
  ["BitComet's name in a folder", { path: ['Season 1', bitComet(17)] }, true],
  ["BitComet's name without its hint", { path: ['_____padding_file_3'] }, true],
  ["a name like BitComet's without a number", { path: ['_____padding_file_.mkv'] }, false],
  ["a name like BitComet's with fewer underscores", { path: ['____padding_file_1_.mkv'] }, false],
  ["a name that contains BitComet's", { path: ['My _____padding_file_1_.mkv'] }, false],
  ['the attribute "p" and no path', { attr: 'p' }, true],
  ['the attribute "p" and an empty path', { attr: 'p', path: [] }, true],
] as const)('whether a file is padding is seen by %s', ([, entry, isPadding]) => {
  const [, file] = parseMetainfo(
    folder([
      { length: 50, path: ['a'] },
      { length: 50, ...entry },
    ]),
  ).files
  expect(file).toMatchObject({ offset: 50, length: 50, isPadding })
})

test.for([
  ['without a length', { attr: 'l', path: ['link.mkv'], 'symlink path': ['a.mkv'] }],
  [
    'with the length of what it leads to',
    { attr: 'l', length: 50, path: ['link.mkv'], 'symlink path': ['a'] },
  ],
  ['that is hidden, and without a path', { attr: 'hl', 'symlink path': ['a'] }],
  ['with an invalid length', { attr: 'lx', length: -1, path: ['b'], 'symlink path': [] }],
] as const)('a symbolic link %s keeps its place in the list and has no bytes', ([, link]) => {
  const { files, length } = parseMetainfo(
    folder([{ length: 60, path: ['a'] }, link, { length: 40, path: ['b.mkv'] }]),
  )
  expect(length).toBe(100)
  expect(files[1]).toMatchObject({ offset: 60, length: 0, isPadding: true })
  expect(files[2]).toMatchObject({ name: 'b.mkv', offset: 60, isPadding: false })
})

test('padding files are counted, so that later files keep their index and offset', () => {
  const { files } = parseMetainfo(
    folder(
      [
        { length: 100, path: ['a.mkv'] },
        { length: PIECE - 100, path: ['.pad', '1'], attr: 'p' },
        { length: 1, path: ['b.mkv'] },
      ],
      { pieces: hashes(2) },
    ),
  )
  expect(files[2]).toMatchObject({ name: 'b.mkv', offset: PIECE })
})

test('UTF-8 names are preferred to names in another encoding', () => {
  const { name, files } = parseMetainfo(
    folder([{ length: 100, path: ['?.mkv'], 'path.utf-8': ['ü.mkv'] }], { 'name.utf-8': 'Größe' }),
  )
  expect({ name, file: files[0]?.name }).toEqual({ name: 'Größe', file: 'ü.mkv' })
})

test.for([
  ['a name that is not UTF-8', { name: Buffer.from([0xff, 0xfe]) }],
  ['a name that leads out of the folder', { name: '../../etc/passwd' }],
  ['an absolute name', { name: '/etc/passwd' }],
] as const)('a torrent with %s is accepted', ([, changes]) => {
  expect(parseMetainfo(torrent(changes)).files).toHaveLength(1)
})

test('a path that leads out of the folder is kept as plain text', () => {
  const [file] = parseMetainfo(folder([{ length: 100, path: ['..', '..', 'etc', 'passwd'] }])).files
  expect(file).toMatchObject({ path: '../../etc/passwd', name: 'passwd' })
})

test.for([
  ['a piece length that is text', torrent({ 'piece length': 'abc' }), /piece length "abc"/],
  ['no piece length', torrent({}, 'piece length'), /piece length/],
  ['a piece length of 0', torrent({ 'piece length': 0 }), /piece length 0/],
  ['a negative piece length', torrent({ 'piece length': -PIECE }), /piece length/],
  ['a piece length below 16 KiB', torrent({ 'piece length': 8 * KIB }), /piece length/],
  ['a piece length above 256 MiB', torrent({ 'piece length': 256 * KIB * KIB + 1 }), /piece length/],
  ['a piece length that no number holds', torrent({ 'piece length': 1e30 }), /piece length/],
  ['a length of 9e12', torrent({ length: 9e12 }), /pieces; the limit is/],
  ['a negative length', torrent({ length: -1 }), /length -1/],
  ['a length that is text', torrent({ length: '100' }), /length "100"/],
  [
    'a length that no number holds',
    raw(`d4:infod6:lengthi${'9'.repeat(30)}e4:name1:a12:piece lengthi16384eee`),
    /length/,
  ],
  ['no length', torrent({}, 'length'), /length undefined/],
  ['a length of 0', torrent({ length: 0 }), /empty/],
  ['hashes cut short', torrent({ pieces: new Uint8Array(19) }), /"pieces"/],
  ['a hash too few', torrent({ length: PIECE + 1 }), /"pieces"/],
  ['a hash too many', torrent({ pieces: hashes(2) }), /"pieces"/],
  ['hashes that are a number', torrent({ pieces: 20 }), /"pieces"/],
  ['no hashes', torrent({}, 'pieces'), /"pieces"/],
  [
    'more than 1,000,000 pieces',
    torrent({ length: 1_000_000 * PIECE + 1, pieces: hashes(1_000_001) }),
    /1000001 pieces/,
  ],
  ['no file', folder([]), /0 files/],
  ['more than 20,000 files', folder(Array(20_001).fill({ length: 1, path: ['a'] })), /more than 20000 files/],
  [
    'more than 10,000 videos',
    folder(Array(10_001).fill({ length: 1, path: ['a.mkv'] })),
    /more than 10000 videos/,
  ],
  ['files that are no list', folder({ a: 1 }), /"files"/],
  ['files that are text', folder('film.mkv'), /"files"/],
  ['a file that is text', folder(['film.mkv']), /length/],
  // webtorrent cannot read these either, and would report it too late.
  ['a name that is no text', torrent({ name: 5 }), /name is not a string/],
  ['no name', torrent({}, 'name'), /name is not a string/],
  ['a path with a number in it', folder([{ length: 100, path: ['a', 5] }]), /not a string/],
  ['a path with a list in it', folder([{ length: 100, path: [['a']] }]), /not a string/],
  ['a file without path', folder([{ length: 100 }]), /path/],
  ['a file with an empty path', folder([{ length: 100, path: [] }]), /path/],
  ['a file whose path is text', folder([{ length: 100, path: 'film.mkv' }]), /path/],
  [
    'a file with a negative length',
    folder([
      { length: 200, path: ['a'] },
      { length: -100, path: ['b'] },
    ]),
    /length -100/,
  ],
  [
    '9e12 bytes in each of many files',
    folder(Array(2_000).fill({ length: 9e12, path: ['a'] })),
    /length 9000000000000/,
  ],
  ['only empty files', folder([{ length: 0, path: ['a'] }]), /empty/],
  [
    'only a version 2 torrent',
    bencode.encode({ info: { 'meta version': 2, name: 'a', 'piece length': PIECE, 'file tree': {} } }),
    /only BitTorrent v2/,
  ],
  ['text that is not bencoded', raw('<html>'), /bencoded/],
  ['bytes cut off in the middle', torrent().subarray(0, 30), /bencoded/],
  ['a text longer than the bytes', raw('d4:info999999999:ab'), /bencoded/],
  ['lists 200,000 deep', raw(`d4:info${'l'.repeat(200_000)}`), /bencoded/],
  ['nothing', new Uint8Array(), /piece length/],
  ['a number', raw('i5e'), /piece length/],
  ['a list', raw('le'), /piece length/],
  ['no info', raw('d3:fooi1ee'), /piece length/],
  ['an info that is a number', raw('d4:infoi1ee'), /piece length/],
  ['an info that is text', raw('d4:info5:helloe'), /piece length/],
] as const)('a broken torrent is refused with the reason: %s', ([, bytes, why]) => {
  expect(() => parseMetainfo(bytes)).toThrow(
    expect.objectContaining({ code: 'torrent.invalid', message: expect.stringMatching(why) }),
  )
})

test.for([
  ...[PIECE, 256 * KIB, 64 * KIB * KIB, 128 * KIB * KIB, 256 * KIB * KIB],
  ...[25_344, 827_392, 4_192_256, 16_385, 100_000, 3_000_001, 100_000_000],
])('a piece length of %i is accepted', (pieceLength) => {
  expect(parseMetainfo(torrent({ 'piece length': pieceLength })).pieceLength).toBe(pieceLength)
})

test.for([10_001, 15_000, 20_000])('%i files are accepted', (count) => {
  const files = Array.from({ length: count }, (_, index) => ({ length: index ? 0 : 100, path: [`${index}`] }))
  expect(parseMetainfo(folder(files)).files).toHaveLength(count)
})

test.for([100_001, 122_880, 838_000, 1_000_000])('%i pieces are accepted', (count) => {
  expect(parseMetainfo(torrent({ length: count * PIECE, pieces: hashes(count) })).pieceCount).toBe(count)
})

test('a stripped torrent file has only the info dictionary, byte for byte', () => {
  const info = { length: 1, name: Buffer.from([0xff, 0]), private: 1, zzz: ['x', { a: 1 }] }
  const whole = bencode.encode({ announce: 'http://127.0.0.1/', info, 'url-list': ['http://10.0.0.1/'] })
  expect(Buffer.from(stripMetainfo(whole))).toEqual(Buffer.from(bencode.encode({ info })))
})

test('the info hash is taken from the bytes of the info dictionary, not from a copy elsewhere in the file', () => {
  const info = Buffer.from(bencode.encode({ length: 1, name: 'a', 'piece length': PIECE, pieces: hashes(1) }))
  const decoy = Buffer.from(
    bencode.encode({ length: 2, name: 'b', 'piece length': PIECE, pieces: hashes(1) }),
  )
  const file = Buffer.from(
    bencode.encode({ comment: decoy, encoding: 'info', info: 0, url: { info: decoy } }),
  )
  const whole = Buffer.from(
    file.toString('latin1').replace('4:infoi0e', `4:info${info.toString('latin1')}`),
    'latin1',
  )
  expect(Buffer.from(infoBytes(whole))).toEqual(info)
  expect(parseMetainfo(whole)).toMatchObject({ name: 'a', length: 1 })
  expect(Buffer.from(infoBytes(Buffer.concat([whole, raw('d4:infoi1ee')])))).toEqual(info)
})

test.for([...Object.entries(ODD_INFOS), ['all of it at once', ODDEST] as const])(
  'metadata with %s is read the same, and its info hash is that of its bytes',
  ([, makeOdd]) => {
    const files = [
      { length: 60, path: ['a.mkv'] },
      { length: 40, path: ['b.mkv'] },
    ]
    const plain = folder(files, { private: 1 })
    const odd = oddTorrent(plain, makeOdd)
    const info = odd.subarray('d4:info'.length, -1)
    expect(info).not.toEqual(Buffer.from(infoBytes(plain)))
    expect(parseMetainfo(odd)).toEqual(parseMetainfo(plain))
    expect(Buffer.from(infoBytes(odd))).toEqual(info)
    expect(parseTorrentFile(odd)).toMatchObject({
      infoHash: createHash('sha1').update(info).digest('hex'),
      metainfo: new Uint8Array(odd),
    })
  },
)

test.for([
  ['7:privatei0e7:privatei1e', true],
  ['7:privatei1e7:privatei0e', true],
  ['7:privatei0e7:privatei0e', false],
  ['7:privatei00e', false],
] as const)('a torrent with %s is private: %s', ([fields, isPrivate]) => {
  expect(parseMetainfo(rawTorrent(`6:lengthi5e${fields}`)).isPrivate).toBe(isPrivate)
})

function rawTorrent(fields: string): Uint8Array {
  return raw(`d4:infod${fields}4:name1:a12:piece lengthi16384e6:pieces20:${'a'.repeat(20)}ee`)
}

/** As many keys as are accepted: decoding all of them takes a quarter of a second. */
const MANY_KEYS = Array.from({ length: 240_000 }, (_, n) => `7:${String(n).padStart(7, '0')}i1e`).join('')

test.for([
  ['in the metadata', rawTorrent(`${MANY_KEYS}6:lengthi100e`)],
  ['in what says whether it is private', rawTorrent(`6:lengthi100e7:privated${MANY_KEYS}e`)],
  ['in a file', rawTorrent(`5:filesld6:lengthi100e4:pathl1:ae1:xd${MANY_KEYS}eee`)],
] as const)('ignored data costs little time: many keys %s', ([, bytes]) => {
  expect(parseMetainfo(bytes).files).toHaveLength(1)
  // One scan of all bytes takes 10 ms.
  expect(processorMs(() => parseMetainfo(bytes), 100)).toBeLessThan(100)
})

test('a torrent file with two info dictionaries is refused', () => {
  const info = Buffer.from(bencode.encode({ length: 1, name: 'a', 'piece length': PIECE, pieces: hashes(1) }))
  const both = Buffer.concat([raw('d4:info'), info, raw('4:info'), info, raw('e')])
  for (const read of [parseMetainfo, infoBytes, stripMetainfo, trackersOf])
    expect(() => read(both)).toThrow(expect.objectContaining({ code: 'torrent.invalid' }))
})

test('a megabyte that looks like its own info dictionary is read quickly', { timeout: 10_000 }, () => {
  // With a full comparison at each position, the two take a minute.
  const size = 100_000
  const head = 'd6:lengthi5e4:name1:a12:piece lengthi16384e6:pieces20:'
  const info = `${head}${'x'.repeat(20)}3:zzz${size}:${'e'.repeat(size)}e`
  const decoy = head.repeat(Math.ceil((6 * size) / head.length)) + 'e'.repeat(4 * size)
  expect(Buffer.from(infoBytes(raw(`d3:abc${decoy.length}:${decoy}4:info${info}e`))).toString('latin1')).toBe(
    info,
  )
})

test.for([
  ['latin letters', 'x'.repeat(300)],
  ['letters of four bytes', '🎬'.repeat(300)],
  ['letters of three bytes', '話'.repeat(300)],
  ['bytes that are no text', Buffer.alloc(1_000_000, 0xff)],
] as const)('a name of too many %s is cut to 255 letters and keeps its extension', ([, letters]) => {
  const name = Buffer.concat([Buffer.from(letters), Buffer.from('.mkv')])
  const info = parseMetainfo(folder([{ length: 100, path: [name, name] }], { name }))
  const [file] = info.files
  for (const each of [info.name, file?.name ?? '']) {
    expect(each.length).toBeLessThanOrEqual(255)
    expect(each.length).toBeGreaterThan(250)
    expect(each.isWellFormed()).toBe(true)
    expect(each).toMatch(/\.mkv$/)
  }
  expect(file?.path).toBe(`${info.name}/${file?.name}`)
})

test('a name of 255 letters is kept, however many bytes it has', () => {
  const name = '話'.repeat(255)
  expect(parseMetainfo(torrent({ name })).name).toBe(name)
})

test('of a path with too many folders, the inner ones are kept', () => {
  const path = [...Array.from({ length: 10_000 }, (_, index) => `folder ${index}`), 'film.mkv']
  const [file] = parseMetainfo(folder([{ length: 100, path }])).files
  expect(file?.path.length).toBeLessThanOrEqual(1_000)
  expect(file?.path).toMatch(/^folder \d+\/.*\/folder 9999\/film\.mkv$/)
})

test('a padding file is recognised however deep its folder is', () => {
  const path = ['.pad', ...Array<string>(2_000).fill('a')]
  expect(
    parseMetainfo(
      folder([
        { length: 50, path: ['a'] },
        { length: 50, path },
      ]),
    ).files[1]?.isPadding,
  ).toBe(true)
})

test('a tracker with an overlong address is left out', () => {
  const announce = `udp://a.org/${'a'.repeat(500)}`
  expect(trackersOf(bencode.encode({ announce, 'announce-list': [['udp://b.org:1']], info: {} }))).toEqual([
    'udp://b.org:1',
  ])
})

const TWO_FILES = parseMetainfo(
  folder(
    [
      { length: PIECE + 1, path: ['a.mkv'] },
      { length: 0, path: ['empty.mkv'] },
      { length: PIECE, path: ['b.mkv'] },
    ],
    { pieces: Uint8Array.from({ length: 60 }, (_, index) => index) },
  ),
)

test('the last piece is as long as the rest of the torrent', () => {
  expect([0, 1, 2].map((piece) => pieceLengthAt(TWO_FILES, piece))).toEqual([PIECE, PIECE, 1])
})

test('trackers of a torrent file are read in order, each once', () => {
  const announce = 'udp://a.org:1'
  const tiers = [['udp://b.org:1', announce], ['http://c.org/announce']]
  expect(trackersOf(bencode.encode({ announce, 'announce-list': tiers, info: {} }))).toEqual([
    announce,
    'udp://b.org:1',
    'http://c.org/announce',
  ])
})

test.for([
  { info: {} },
  { info: {}, announce: 5, 'announce-list': 'udp://a.org' },
  { info: {}, 'announce-list': [5, [6, [Buffer.from('udp://a.org')]], {}] },
])('no trackers are read from %j', (file) => {
  expect(trackersOf(bencode.encode(file))).toEqual([])
})

test('each piece has its own hash', () => {
  expect(pieceHashAt(TWO_FILES, 0)).toEqual(Uint8Array.from({ length: 20 }, (_, index) => index))
  expect(pieceHashAt(TWO_FILES, 2)).toEqual(Uint8Array.from({ length: 20 }, (_, index) => 40 + index))
})

test('two files may share a piece', () => {
  expect(TWO_FILES.files.map((file) => piecesOf(TWO_FILES, file))).toEqual([
    { first: 0, last: 1 },
    { first: 1, last: 1 },
    { first: 1, last: 2 },
  ])
})
