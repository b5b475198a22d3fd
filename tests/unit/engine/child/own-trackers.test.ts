import { expect, test } from 'vitest'
import { OwnTrackers } from '../../../../src/engine/child/own-trackers.ts'

const NAS = { transport: 'tcp', host: 'nas.lan', port: 9000 } as const

test('an own tracker is recognised by scheme, host, port and path', () => {
  const own = new OwnTrackers(['http://nas.lan:9000/announce'])
  expect(own.has('http://NAS.lan.:9000/announce/')).toBe(true)
  expect(own.has('http://nas.lan:9000/announce?info_hash=x')).toBe(true)
  for (const url of [
    'http://nas.lan:9000/',
    'http://nas.lan:9000/admin/announce',
    'http://nas.lan:9001/announce',
    'http://nas.lan/announce',
    'udp://nas.lan:9000/announce',
    'http://other.lan:9000/announce',
  ]) {
    expect(own.has(url), url).toBe(false)
  }
  expect(own.isAt(NAS)).toBe(true)
  for (const other of [{ port: 22 }, { host: 'other.lan' }, { transport: 'udp' }] as const) {
    expect(own.isAt({ ...NAS, ...other })).toBe(false)
  }
})

test('an own tracker that cannot be parsed matches nothing', () => {
  const own = new OwnTrackers(['http://[', '', 'not a url'])
  expect([own.has('http://['), own.has(''), own.has('not a url'), own.has('http://127.0.0.1/')]).toEqual([
    false,
    false,
    false,
    false,
  ])
})

test('an own tracker in a private network has that scope as soon as its address is resolved', () => {
  const own = new OwnTrackers(['http://nas.lan:9000/announce', 'udp://127.0.0.1:6969', 'udp://8.8.8.8:80'])
  expect(own.scopeOf('udp://127.0.0.1:6969')).toBe('machine')
  expect(own.scopeOf('udp://8.8.8.8:80')).toBe('internet')

  expect(own.scopeOf('http://nas.lan:9000/announce')).toBe('internet')
  own.noteAddresses(NAS, ['192.168.1.5'])
  expect(own.scopeOf('http://nas.lan:9000/announce')).toBe('network')
  expect(own.scopeOf('http://nas.lan:9000/elsewhere')).toBe('internet')
  own.noteAddresses(NAS, ['8.8.8.8'])
  expect(own.scopeOf('http://nas.lan:9000/announce')).toBe('internet')
})

test('resolved addresses of other trackers are not stored', () => {
  const own = new OwnTrackers(['http://nas.lan:9000/announce'])
  const other = { transport: 'udp', host: 'evil.example.org', port: 1 } as const
  own.noteAddresses(other, ['127.0.0.1'])
  expect(own.isAt(other)).toBe(false)
  expect(own.scopeOf('udp://evil.example.org:1')).toBe('internet')
})
