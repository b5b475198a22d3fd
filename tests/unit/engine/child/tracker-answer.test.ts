import bencode from 'bencode'
import { expect, test } from 'vitest'
import { readableAnswer } from '../../../../src/engine/child/tracker-answer.ts'

const FIRST = [203, 0, 113, 5, 0x1a, 0xe1]
const SECOND = [198, 51, 100, 7, 0xc8, 0xd5]
const SIXTH = [0x20, 0x01, 0x0d, 0xb8, ...Array(11).fill(0), 9, 0x1a, 0xe1]

function read(answer: unknown): Record<string, unknown> {
  const read = bencode.decode(readableAnswer(bencode.encode(answer))) as Record<string, unknown>
  return Object.fromEntries(
    Object.entries(read).map(([key, value]) => [
      key,
      value instanceof Uint8Array && !/^peers/.test(key) ? Buffer.from(value).toString() : value,
    ]),
  )
}

/** The peers found in an answer: IPv4 and IPv6 entries. */
function peersOf(answer: object): { v4: number[]; v6: number[] } {
  const { peers, peers6 } = read(answer)
  return { v4: [...(peers as Uint8Array)], v6: [...(peers6 as Uint8Array)] }
}

test.for<[form: string, answer: object, v4: number[], v6: number[]]>([
  ['a compact list', { peers: Buffer.from([...FIRST, ...SECOND]) }, [...FIRST, ...SECOND], []],
  [
    'a list of dictionaries',
    {
      peers: [
        { 'peer id': 'x'.repeat(20), ip: '203.0.113.5', port: 6881 },
        { ip: '198.51.100.7', port: 51413 },
      ],
    },
    [...FIRST, ...SECOND],
    [],
  ],
  ['ports as text', { peers: [{ ip: '203.0.113.5', port: '6881' }] }, FIRST, []],
  ['IPv6 in the same list', { peers: [{ ip: '2001:db8::9', port: 6881 }] }, [], SIXTH],
  ['IPv6 in brackets', { peers6: [{ ip: '[2001:db8::9]', port: 6881 }] }, [], SIXTH],
  ['IPv4 written as IPv6', { peers6: [{ ip: '::ffff:203.0.113.5', port: 6881 }] }, FIRST, []],
  ['compact IPv6', { peers: Buffer.from(FIRST), peers6: Buffer.from(SIXTH) }, FIRST, SIXTH],
  [
    'both as lists',
    { peers: [{ ip: '203.0.113.5', port: 6881 }], peers6: [{ ip: '2001:db8::9', port: 6881 }] },
    FIRST,
    SIXTH,
  ],
  ['a compact list with bytes too many', { peers: Buffer.from([...FIRST, 1, 2, 3]) }, FIRST, []],
  ['compact IPv6 that is cut off', { peers6: Buffer.from([...SIXTH, ...SIXTH.slice(0, 9)]) }, [], SIXTH],
  ['no list at all', { peers: 7, peers6: { ip: '2001:db8::9', port: 6881 } }, [], []],
  ['nothing', {}, [], []],
])('peers are read from %s', ([, answer, v4, v6]) => {
  expect(peersOf(answer)).toEqual({ v4, v6 })
})

test('entries that are not peers are left out, and the others are read', () => {
  const good = { ip: '203.0.113.5', port: 6881 }
  const bad: unknown[] = [
    7,
    'peer',
    [],
    {},
    { ip: '203.0.113.6' },
    { port: 6881 },
    { ip: 'tracker.example.org', port: 6881 },
    { ip: 'localhost', port: 80 },
    { ip: '', port: 6881 },
    { ip: '300.1.1.1', port: 6881 },
    { ip: '0x7f.1', port: 6881 },
    { ip: 'fe80::1%eth0', port: 6881 },
    { ip: [203, 0, 113, 5], port: 6881 },
    { ip: '203.0.113.5', port: 0 },
    { ip: '203.0.113.5', port: 70_000 },
    { ip: '203.0.113.5', port: -1 },
    { ip: '203.0.113.5', port: 'http' },
    { ip: { ip: '203.0.113.5' }, port: 6881 },
  ]
  for (const each of bad) {
    expect(peersOf({ peers: [each, good, each] }), JSON.stringify(each)).toEqual({ v4: FIRST, v6: [] })
    expect(peersOf({ peers6: [each, good] }), JSON.stringify(each)).toEqual({ v4: FIRST, v6: [] })
  }
})

test.for<[said: unknown, failure: string | undefined]>([
  ['torrent not registered', 'torrent not registered'],
  ['', undefined],
  [403, '403'],
  [['not', 'allowed'], 'the tracker gave no reason'],
  [{ reason: 'no' }, 'the tracker gave no reason'],
  ['x'.repeat(5_000), 'x'.repeat(500)],
])('failure reason %j is read as %j', ([said, failure]) => {
  expect(read({ 'failure reason': said, peers: Buffer.from(FIRST) })['failure reason']).toBe(failure)
})

test.for<[said: unknown, warning: string | undefined]>([
  ['slow down', 'slow down'],
  [1, '1'],
  [['slow', 'down'], undefined],
  ['', undefined],
])('warning %j is read as %j, and the peers are kept', ([said, warning]) => {
  const answer = { 'warning message': said, peers: [{ ip: '203.0.113.5', port: 6881 }] }
  expect(read(answer)['warning message']).toBe(warning)
  expect(peersOf(answer).v4).toEqual(FIRST)
})

test('the tracker id keeps its bytes, and numbers may be text', () => {
  const id = Buffer.from([0, 200, 255, 65])
  const answer = { 'tracker id': id, interval: '1800', 'min interval': 60, complete: -4, incomplete: [3] }
  const raw = bencode.decode(readableAnswer(bencode.encode(answer))) as Record<string, unknown>
  expect(raw['tracker id']).toEqual(new Uint8Array(id))
  expect(read(answer)).toMatchObject({ interval: 1800, 'min interval': 60 })
  expect(raw).not.toHaveProperty('complete')
  expect(raw).not.toHaveProperty('incomplete')
  for (const odd of ['', 'x'.repeat(501), [], {}]) {
    expect(read({ 'tracker id': odd })).not.toHaveProperty('tracker id')
  }
})

test.for(['', 'Forbidden', '<html>', 'le', 'i5e', '4:spam', 'd8:interval', 'l-3:e'])(
  'answer %j that is not a dictionary stays as it is',
  (text) => {
    const bytes = Buffer.from(text)
    expect(readableAnswer(bytes)).toBe(bytes)
  },
)
