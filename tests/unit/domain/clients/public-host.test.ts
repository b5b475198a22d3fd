import { expect, test } from 'vitest'
import {
  isOwnNetworkAddress,
  isPublicAddress,
  isPublicHost,
} from '../../../../src/domain/clients/public-host.ts'

test.for(['8.8.8.8', '::ffff:8.8.8.8', '2606:4700::1111', '2a00:1450:4001:81b::200e'])(
  'address %s is public',
  (address) => {
    expect([isPublicAddress(address), isOwnNetworkAddress(address)]).toEqual([true, false])
  },
)

test.for([
  '127.0.0.1',
  '::1',
  '::ffff:192.168.0.1',
  '10.0.0.1',
  '172.31.0.1',
  '192.168.0.1',
  '100.64.0.1',
  'fd00::1',
])('address %s is in an own network', (address) => {
  expect([isPublicAddress(address), isOwnNetworkAddress(address)]).toEqual([false, true])
})

test.for([
  '0.0.0.0',
  '::',
  '169.254.169.254',
  'fe80::1',
  'fe80::1%eth0',
  '224.0.0.1',
  'ff02::1',
  '255.255.255.255',
  '192.0.2.1',
  '198.18.0.1',
  '240.0.0.1',
  '64:ff9b::808:808',
  '64:ff9b:1::1',
  '2002:808:808::',
  '2001::1',
  '2001:db8::1',
  '100::1',
  // Where clouds serve secrets to their machines, in ranges that do not show it.
  '168.63.129.16',
  '::ffff:168.63.129.16',
  '100.100.100.200',
  'fd00:ec2::254',
  'FD00:0EC2:0:0:0:0:0:254',
  'localhost',
  '',
])('address "%s" is neither public nor in an own network', (address) => {
  expect([isPublicAddress(address), isOwnNetworkAddress(address)]).toEqual([false, false])
})

test.for([
  ['example.org', true],
  ['example.org.', true],
  ['8.8.8.8', true],
  ['[2606:4700::1111]', true],
  ['localhost', false],
  ['a.localhost', false],
  ['router', false],
  ['nas.lan', false],
  ['nas.home.arpa', false],
  ['[::1]', false],
  ['127.0.0.1', false],
  ['', false],
] as const)('host name "%s" is on the internet: %s', ([host, expected]) => {
  expect(isPublicHost(host)).toBe(expected)
})
