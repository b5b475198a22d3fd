import { expect, test } from 'vitest'
import { allowedTrackers, MAX_TRACKERS } from '../../../../src/domain/bittorrent/tracker-url.ts'

test.for([
  'udp://tracker.opentrackr.org:1337/announce',
  'UDP://Tracker.Example.ORG:1337',
  'http://tracker.example.org/announce',
  'https://tracker.example.org/announce?passkey=1',
  'ws://tracker.example.org',
  'wss://tracker.example.org:443/',
  'http://8.8.8.8/announce',
  'udp://8.8.8.8:80',
  'udp://[2001:4860:4860::8888]:80',
  'udp://[2a00:1450:4001:81b::200e]:80',
  'udp://[::ffff:8.8.8.8]:80',
  'udp://☃.example.org:80',
])('tracker %s is on the internet and allowed', (url) => {
  expect(allowedTrackers([url], [])).toEqual([url])
})

test.for([
  // loopback, in every notation
  'http://127.0.0.1/announce',
  'http://127.8.9.1/',
  'http://127.0.0.1./',
  'http://0x7f.1/',
  'http://2130706433/',
  'http://017700000001/',
  'http://127.1/',
  'http://①②⑦.⓪.⓪.①/',
  'http://0/',
  'http://0.0.0.0/',
  'http:127.0.0.1',
  'http:\\\\127.0.0.1\\',
  'http://user:password@127.0.0.1/',
  'http://tracker.example.org@127.0.0.1/',
  'udp://127.0.0.1:80',
  'udp://127.0.0.1.:80',
  'udp://0x7f.1:80',
  'udp://2130706433:80',
  'udp://127%2e0%2e0%2e1:80',
  'udp://①②⑦.⓪.⓪.①:80',
  'udp://tracker.example.org\\@127.0.0.1:80',
  'udp://[::1]:80',
  'udp://[::]:80',
  'udp://[::ffff:127.0.0.1]:80',
  'udp://[::ffff:7f00:1]:80',
  'udp://[::7f00:1]:80',
  'udp://[64:ff9b::7f00:1]:80',
  'udp://[2002:7f00:1::]:80',
  'http://localhost/',
  'http://LOCALHOST./',
  'http://a.localhost/',
  // private networks, at home or in the cloud
  'http://10.0.0.1/',
  'http://172.16.0.1/',
  'http://192.168.1.1/',
  'http://100.64.0.1/',
  'http://169.254.169.254/latest/meta-data',
  'http://metadata.google.internal/',
  'udp://[fd00::1]:80',
  'udp://[fe80::1]:80',
  'http://intranet/',
  'http://nas.local/',
  'http://nas.lan/',
  'http://nas.home.arpa/',
  'http://router.home/',
  'http://x.localdomain/',
  'http://a.test/',
  // unassigned
  'http://224.0.0.1/',
  'http://240.0.0.1/',
  'http://255.255.255.255/',
  'http://192.0.2.1/',
  'http://198.18.0.1/',
  'http://[2001:db8::1]/',
])('tracker %s is not on the internet and refused', (url) => {
  expect(allowedTrackers([url], [])).toEqual([])
})

test.for([
  '',
  'not a url',
  'tracker.example.org:1337',
  'http://',
  'udp://',
  'udp:///announce',
  'ftp://tracker.example.org/',
  'file:///etc/passwd',
  'dht://tracker.example.org',
  'javascript:alert(1)',
  'udp://tracker example.org:1',
  'http://tracker.example.org:99999/',
])('"%s" is not a tracker', (url) => {
  expect(allowedTrackers([url], [])).toEqual([])
})

// Two URL parsers that disagree on these would see two hosts.
test.for([
  'udp://127.0.0.1:8080\\@tracker.example.org/announce',
  'http://tracker.example.org\\@127.0.0.1/',
  'http://tracker.example.org\\announce',
  'http://user@tracker.example.org',
  'http://user:password@tracker.example.org/announce',
  ' http://tracker.example.org/',
  'http://tracker.example.org/ ',
  'http://tracker.example.org/a b',
  'http://tracker\t.example.org/',
  'http://tracker.example\n.org/',
  'http://tracker.example.org/\r\nHost: 127.0.0.1',
  'ht\ntp://tracker.example.org/',
  '\u0000http://tracker.example.org/',
  'http://tracker\u0000.example.org/',
  'http://tracker\u007f.example.org/',
])('%j is never allowed, even if its host is configured', (url) => {
  expect(allowedTrackers([url], [])).toEqual([])
  expect(allowedTrackers([url], ['http://127.0.0.1/', 'http://tracker.example.org/'])).toEqual([])
})

test.for([
  ['http://127.0.0.1:9000/announce', 'http://127.0.0.1:9000/announce'],
  ['http://127.0.0.1:9000/announce', 'http://0x7f.1:9000/announce?passkey=1'],
  ['http://127.0.0.1/announce', 'http://127.0.0.1:80/announce/'],
  ['https://nas/announce', 'https://NAS.:443/announce'],
  ['udp://nas:6969', 'udp://NAS.:6969/announce'],
  ['udp://nas/announce', 'udp://nas:80'],
  ['udp://tracker.lan:6969/announce', 'udp://tracker.lan:6969/announce'],
  ['udp://[fd00::1]:6969', 'udp://[fd00:0::1]:6969'],
] as const)('with %s configured, %s is allowed', ([trusted, url]) => {
  expect(allowedTrackers([url], [trusted])).toEqual([url])
})

test.for([
  // other ports
  ['http://127.0.0.1:9000/announce', 'http://127.0.0.1:22/announce'],
  ['http://127.0.0.1:9000/announce', 'http://127.0.0.1/announce'],
  ['https://nas/announce', 'http://nas/announce'],
  ['udp://nas:6969', 'udp://nas:53'],
  // other protocols
  ['http://127.0.0.1:9000/announce', 'udp://127.0.0.1:9000/announce'],
  ['udp://nas:6969/announce', 'http://nas:6969/announce'],
  // other paths of the same server
  ['http://nas:9000/announce', 'http://nas:9000/'],
  ['http://nas:9000/announce', 'http://nas:9000/api/delete?all=1'],
  ['http://nas:9000/announce', 'http://nas:9000/announce/../admin'],
  ['http://nas:9000/announce', 'http://nas:9000/Announce'],
] as const)('with %s configured, %s is refused', ([trusted, url]) => {
  expect(allowedTrackers([url], [trusted])).toEqual([])
})

test('with one tracker on a private network configured, another host there is refused', () => {
  expect(allowedTrackers(['http://10.0.0.2/', 'http://127.0.0.1/'], ['http://10.0.0.1/'])).toEqual([])
})

test('a configured tracker that cannot be parsed allows no other', () => {
  expect(allowedTrackers(['not a url', 'http://127.0.0.1/'], ['http://[', ''])).toEqual([])
})

test('at most 20 trackers are taken, each once, and refused ones do not count', () => {
  const good = Array.from({ length: 30 }, (_, index) => `udp://t${index}.example.org:1`)
  const urls = ['http://127.0.0.1/', ...good.flatMap((url) => [url, url])]
  expect(allowedTrackers(urls, [])).toEqual(good.slice(0, 20))
  expect(MAX_TRACKERS).toBe(20)
})
