import bencode from 'bencode'

type Entry = readonly [key: string, encoded: string]

/** A torrent file whose info dictionary is encoded in an unusual way, with the same meaning. */
export function oddTorrent(
  metainfo: Uint8Array,
  makeOdd: (entries: readonly Entry[]) => readonly Entry[],
): Buffer {
  const { info } = bencode.decode(metainfo) as { info: Record<string, unknown> }
  const entries = Object.entries(info).map(([key, value]): Entry => [encoded(key), encoded(value)])
  const odd = makeOdd(entries).map((entry) => entry.join(''))
  return Buffer.from(`d4:infod${odd.join('')}ee`, 'latin1')
}

/** Encodings of an info dictionary that BEP 3 does not allow, and that clients accept. */
export const ODD_INFOS: Readonly<Record<string, (entries: readonly Entry[]) => readonly Entry[]>> = {
  'keys in the wrong order': (entries) => [...entries].reverse(),
  'unknown keys, one of them not text': (entries) => [
    ...entries,
    [raw('\xff\xfe'), 'i1e'],
    [raw('\xef\xbb\xbfx'), '0:'],
    ['9:__proto__', 'd1:ai1ee'],
    ['6:source', '7:TRACKER'],
  ],
  'keys that stand there twice, the first of them right': (entries) => [
    ...entries,
    ...entries.map(([key]): Entry => [key, 'i16e']),
  ],
  'numbers with needless zeros': (entries) =>
    entries.map(([key, value]) => [key, value.replace(/^i(\d)/, 'i00$1')]),
  'numbers that JavaScript does not hold': (entries) => [
    ['1:A', 'i9223372036854775807e'],
    ['1:B', 'i-9007199254740993e'],
    ['1:C', 'i-0e'],
    ...entries,
  ],
  'a number that no program holds': (entries) => [...entries, ['1:D', `i${'9'.repeat(40)}e`]],
  'lengths of texts with needless zeros': (entries) => entries.map(([key, value]) => [`0${key}`, value]),
}

/** All at once, as far as libtorrent 2.0 accepts them. */
export const ODDEST = (entries: readonly Entry[]) =>
  Object.entries(ODD_INFOS)
    .filter(([name]) => name !== 'a number that no program holds')
    .reduce<readonly Entry[]>((odd, [, makeOdd]) => makeOdd(odd), entries)

function encoded(value: unknown): string {
  return Buffer.from(bencode.encode(value)).toString('latin1')
}

function raw(key: string): string {
  return `${key.length}:${key}`
}
