import { describe, expect, test } from 'vitest'
import {
  type GoodPeer,
  goodPeersOf,
  isPeerAddress,
  MAX_GOOD_PEERS,
} from '../../../../src/domain/bittorrent/good-peers.ts'

const DAY_MS = 24 * 60 * 60_000
const NOW = 1_000 * DAY_MS

const peer = (host: string, more: Partial<GoodPeer> = {}): GoodPeer => ({
  address: `${host}:6881`,
  isEncrypted: false,
  source: 'tracker',
  gaveAt: NOW,
  ...more,
})

describe('the peers to keep of a torrent', () => {
  test('are those of this stay, then those of earlier ones', () => {
    const found = [peer('192.0.2.1'), peer('192.0.2.2')]
    expect(goodPeersOf(found, [peer('192.0.2.3')], NOW)).toEqual([...found, peer('192.0.2.3')])
  })

  test('are noted once, as they were found last', () => {
    const found = peer('192.0.2.1', { isEncrypted: true })
    const earlier = [peer('192.0.2.1', { gaveAt: NOW - DAY_MS }), peer('192.0.2.2')]
    expect(goodPeersOf([found], earlier, NOW)).toEqual([found, peer('192.0.2.2')])
  })

  test('are twenty at most: of the earlier ones, the last go first', () => {
    const found = Array.from({ length: 5 }, (_, at) => peer(`192.0.2.${at}`))
    const earlier = Array.from({ length: MAX_GOOD_PEERS }, (_, at) => peer(`198.51.100.${at}`))
    const kept = goodPeersOf(found, earlier, NOW)
    expect(kept).toEqual([...found, ...earlier.slice(0, 15)])
  })

  test.for([
    [29, true],
    [31, false],
    [-1, true],
  ] as const)('that gave something %d days ago are kept: %s', ([days, isKept]) => {
    const old = peer('192.0.2.1', { gaveAt: NOW - days * DAY_MS })
    expect(goodPeersOf([], [old], NOW)).toEqual(isKept ? [old] : [])
  })
})

test.for([
  ['192.0.2.1:6881', true],
  ['[2001:db8::1]:6881', true],
  ['192.0.2.1:65535', true],
  ['127.0.0.1:1', true],
  // Other spellings would get around what is known of an address.
  ['[2001:DB8::1]:6881', false],
  ['[2001:db8:0::1]:6881', false],
  ['[::ffff:192.0.2.1]:6881', false],
  ['192.0.2.01:6881', false],
  ['127.1:6881', false],
  ['2130706433:6881', false],
  ['0x7f.0.0.1:6881', false],
  ['2001:db8::1:6881', false],
  ['[192.0.2.1]:6881', false],
  ['[fe80::1%eth0]:6881', false],
  ['192.0.2.1', false],
  ['192.0.2.1:', false],
  ['192.0.2.1:0', false],
  ['192.0.2.1:06881', false],
  ['192.0.2.1:65536', false],
  ['192.0.2.1:6881 ', false],
  ['192.0.2.1:6881\n', false],
  ['router.example.org:6881', false],
  ['', false],
] as const)('%j is the address of a peer: %s', ([text, isAddress]) => {
  expect(isPeerAddress(text)).toBe(isAddress)
})
