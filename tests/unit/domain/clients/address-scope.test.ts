import { expect, test } from 'vitest'
import { mayNamePeer, type Scope, scopeOf } from '../../../../src/domain/clients/address-scope.ts'

test.for([
  ['8.8.8.8', 'internet'],
  ['::ffff:8.8.8.8', 'internet'],
  ['2001:4860:4860::8888', 'internet'],
  ['127.0.0.1', 'machine'],
  ['127.8.9.1', 'machine'],
  ['::1', 'machine'],
  ['::ffff:127.0.0.1', 'machine'],
  ['10.0.0.1', 'network'],
  ['172.17.0.1', 'network'],
  ['192.168.1.1', 'network'],
  ['::ffff:192.168.1.1', 'network'],
  ['100.64.0.1', 'network'],
  ['fd00::1', 'network'],
  ['169.254.169.254', 'nowhere'],
  ['100.100.100.200', 'nowhere'],
  ['fd00:ec2::254', 'nowhere'],
  ['fe80::1', 'nowhere'],
  ['0.0.0.0', 'nowhere'],
  ['255.255.255.255', 'nowhere'],
  ['224.0.0.1', 'nowhere'],
  ['::', 'nowhere'],
  ['64:ff9b::7f00:1', 'nowhere'],
  ['2002:7f00:1::', 'nowhere'],
  ['localhost', 'nowhere'],
  ['router.lan', 'nowhere'],
  ['example.org', 'nowhere'],
  ['', 'nowhere'],
] as const)('address %s has the scope %s', ([address, scope]) => {
  expect(scopeOf(address)).toBe(scope)
})

const ADDRESSES = {
  internet: '8.8.8.8',
  network: '192.168.1.9',
  machine: '127.0.0.1',
  nowhere: '169.254.169.254',
} as const

test.for([
  ['internet', ['internet']],
  ['nowhere', ['internet']],
  ['network', ['internet', 'network']],
  ['machine', ['internet', 'network', 'machine']],
] as const)('a source in scope %s may name peers in the scopes %s', ([teller, allowed]) => {
  const named = Object.keys(ADDRESSES).filter((scope) => mayNamePeer(teller, ADDRESSES[scope as Scope]))
  expect(named).toEqual(allowed)
})
