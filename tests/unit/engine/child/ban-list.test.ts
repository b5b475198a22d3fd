import type Wire from 'bittorrent-protocol'
import { expect, test } from 'vitest'
import { BanList } from '../../../../src/engine/child/ban-list.ts'

const wire = (remoteAddress: string, remotePort: number, peerId: string) =>
  ({ remoteAddress, remotePort, peerId }) as unknown as Wire

test.for([
  ['93.184.216.34', '93.184.216.34'],
  ['93.184.216.34', '::ffff:93.184.216.34'],
  ['2606:2800:220:1::1', '2606:2800:220:1:0:0:0:1'],
  ['2606:2800:220:1::1', '2606:2800:220:1:ffff::9'],
] as const)(
  'a ban covers the address, or the /64 network in IPv6: after %s, %s is banned',
  ([banned, asked]) => {
    const list = new BanList()
    list.ban(wire(banned, 6881, 'aa'))
    expect(list.isBanned(wire(asked, 50_000, 'bb'))).toBe(true)
    expect(list.isBanned(wire('93.184.216.35', 6881, 'aa'))).toBe(false)
  },
)

test('on a private network a ban covers the port or the peer id, not the address', () => {
  const list = new BanList()
  list.ban(wire('192.168.1.5', 6881, 'aa'))
  expect(list.isBanned(wire('192.168.1.5', 6881, 'bb'))).toBe(true)
  expect(list.isBanned(wire('192.168.1.5', 50_000, 'aa'))).toBe(true)
  expect(list.isBanned(wire('192.168.1.5', 50_000, 'bb'))).toBe(false)
  expect(list.isBanned(wire('192.168.1.6', 6881, 'aa'))).toBe(false)
})

test('the ban list is bounded: the oldest bans are dropped', () => {
  const list = new BanList()
  const address = (n: number) => `93.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`
  for (let n = 0; n < 10_001; n++) list.ban(wire(address(n), 1, 'aa'))
  expect(list.isBanned(wire(address(0), 1, 'aa'))).toBe(false)
  expect(list.isBanned(wire(address(10_000), 1, 'aa'))).toBe(true)
})

test('an address is refused after three connections in which it sent nothing, for ten minutes', () => {
  const MINUTE = 60_000
  const list = new BanList()
  const [silent, other] = [wire('93.184.216.34', 6881, 'aa'), wire('93.184.216.35', 6881, 'aa')]
  for (const minute of [1, 2]) list.onSilent(silent, minute * MINUTE)
  expect(list.isBanned(silent, 2 * MINUTE)).toBe(false)
  list.onSilent(silent, 3 * MINUTE)
  expect([list.isBanned(silent, 12 * MINUTE), list.isBanned(other, 12 * MINUTE)]).toEqual([true, false])
  expect(list.isBanned(silent, 14 * MINUTE)).toBe(false)
  // What happened long ago does not count.
  list.onSilent(silent, 20 * MINUTE)
  expect(list.isBanned(silent, 20 * MINUTE)).toBe(false)
})

test('peers that share a private address are not refused because of one silent peer', () => {
  const list = new BanList()
  for (let n = 0; n < 5; n++) list.onSilent(wire('127.0.0.1', 6881, 'aa'))
  expect(list.isBanned(wire('127.0.0.1', 6881, 'bb'))).toBe(true)
  expect(list.isBanned(wire('127.0.0.1', 6882, 'bb'))).toBe(false)
})

test.for([
  ['93.184.216.34:1', true],
  ['[2606:2800:220:1::2]:1', true],
  ['93.184.216.35:1', false],
  ['192.168.1.5:6881', true],
  ['192.168.1.5:6882', false],
] as const)('a banned peer is not dialled: %s %s', ([address, expected]) => {
  const list = new BanList()
  list.ban(wire('93.184.216.34', 6881, 'aa'))
  list.ban(wire('2606:2800:220:1::1', 6881, 'aa'))
  list.ban(wire('192.168.1.5', 6881, 'aa'))
  expect(list.isAddressBanned(address)).toBe(expected)
})
