import type Wire from 'bittorrent-protocol'
import { expect, test } from 'vitest'
import { BanList } from '../../src/engine/child/ban-list.ts'

const wire = (remoteAddress: string, remotePort: number, peerId: string) =>
  ({ remoteAddress, remotePort, peerId }) as unknown as Wire

test.for([
  ['93.184.216.34', '93.184.216.34'],
  ['93.184.216.34', '::ffff:93.184.216.34'],
  ['2606:2800:220:1::1', '2606:2800:220:1:0:0:0:1'],
] as const)('on the internet, everybody at the address is banned: %s is %s', ([banned, asked]) => {
  const list = new BanList()
  list.ban(wire(banned, 6881, 'aa'))
  expect(list.isBanned(wire(asked, 50_000, 'bb'))).toBe(true)
  expect(list.isBanned(wire('93.184.216.35', 6881, 'aa'))).toBe(false)
})

test('at home it is the port, or who one calls oneself', () => {
  const list = new BanList()
  list.ban(wire('192.168.1.5', 6881, 'aa'))
  expect(list.isBanned(wire('192.168.1.5', 6881, 'bb'))).toBe(true)
  expect(list.isBanned(wire('192.168.1.5', 50_000, 'aa'))).toBe(true)
  expect(list.isBanned(wire('192.168.1.5', 50_000, 'bb'))).toBe(false)
  expect(list.isBanned(wire('192.168.1.6', 6881, 'aa'))).toBe(false)
})

test('the list does not grow without end: the oldest are forgiven', () => {
  const list = new BanList()
  const address = (n: number) => `93.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`
  for (let n = 0; n < 10_001; n++) list.ban(wire(address(n), 1, 'aa'))
  expect(list.isBanned(wire(address(0), 1, 'aa'))).toBe(false)
  expect(list.isBanned(wire(address(10_000), 1, 'aa'))).toBe(true)
})
