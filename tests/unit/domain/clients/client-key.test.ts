import { expect, test } from 'vitest'
import { clientKey } from '../../../../src/domain/clients/client-key.ts'

test.for([
  ['192.168.1.20', '192.168.1.20'],
  ['::ffff:192.168.1.20', '192.168.1.20'],
  ['2001:db8:1:2::5', '2001:db8:1:2::/64'],
  ['2001:db8:1:2:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64'],
  ['2001:db8:1:3::5', '2001:db8:1:3::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['', ''],
  ['unix socket', 'unix socket'],
] as const)('limits for %s are counted under %s', ([address, key]) => {
  expect(clientKey(address)).toBe(key)
})

test('text that is not an address is cut', () => {
  expect(clientKey('x'.repeat(10_000))).toHaveLength(64)
})
