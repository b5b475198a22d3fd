import { expect, test } from 'vitest'
import { MAX_TRACKERS } from '../../../../src/domain/bittorrent/tracker-url.ts'
import { AnnounceList, MAX_TRACKERS_PER_CLIENT } from '../../../../src/torrents/fetching/announce-list.ts'

const OWN = ['udp://own.example.org:1337/announce', 'http://own.example.org/announce']

function named(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `udp://${name}${index}.example.org:1`)
}

test('the trackers of the settings are always first', () => {
  const list = new AnnounceList(OWN)
  expect(list.urls).toEqual(OWN)
  for (let client = 0; client < 50; client++) list.addFromClient(`client ${client}`, named(`c${client}-`, 20))
  list.addFromSource(named('source', 50))
  expect(list.urls.slice(0, 2)).toEqual(OWN)
  expect(list.urls).toHaveLength(2 + MAX_TRACKERS)
})

test('a client may name five trackers, in one link or several', () => {
  const list = new AnnounceList([])
  list.addFromClient('a', named('x', 20))
  list.addFromClient('a', named('y', 20))
  expect(list.urls).toEqual(named('x', MAX_TRACKERS_PER_CLIENT))
  list.addFromClient('b', named('z', 1))
  expect(list.urls).toEqual([...named('x', MAX_TRACKERS_PER_CLIENT), ...named('z', 1)])
  expect(MAX_TRACKERS_PER_CLIENT).toBe(5)
})

test('links of any number of clients displace neither trackers of a source nor those of earlier clients', () => {
  const list = new AnnounceList(OWN)
  const sources = named('source', 15)
  list.addFromSource(sources)
  list.addFromClient('first', named('first', 3))
  for (let client = 0; client < 50; client++) list.addFromClient(`client ${client}`, named(`c${client}-`, 20))
  expect(list.urls.slice(0, 2 + 15 + 3)).toEqual([...OWN, ...sources, ...named('first', 3)])
  expect(list.urls).toHaveLength(2 + MAX_TRACKERS)
})

test('trackers of a source replace those of the latest links', () => {
  const list = new AnnounceList([])
  for (const client of ['a', 'b', 'c', 'd']) list.addFromClient(client, named(client, 5))
  list.addFromSource(named('source', 12))
  expect(list.urls).toEqual([...named('source', 12), ...named('a', 5), ...named('b', 3)])
  list.addFromSource(named('more', 30))
  expect(list.urls).toEqual([...named('source', 12), ...named('more', 8)])
})

test('a tracker that a source names too no longer counts for the client', () => {
  const list = new AnnounceList([])
  list.addFromClient('a', named('x', 5))
  list.addFromSource(named('x', 5))
  list.addFromClient('a', named('y', 5))
  expect(list.urls).toEqual([...named('x', 5), ...named('y', 5)])
})

test("a torrent's own trackers are those that sources name, also if in the settings, and never a viewer's", () => {
  const list = new AnnounceList(OWN)
  const [inSettings = ''] = OWN
  list.addFromClient('a', named('viewer', 5))
  expect(list.ofTorrent.urls).toEqual([])
  list.addFromSource([inSettings, ...named('source', 2)])
  list.addFromSource(named('source', 3))
  expect(list.ofTorrent).toEqual({ urls: [inSettings, ...named('source', 3)], areOfFile: false })
  list.addFromSource(named('more', 50))
  expect(list.ofTorrent.urls).toHaveLength(MAX_TRACKERS)
})

test('own trackers come only from the torrent file once it is known, and the last file counts', () => {
  const list = new AnnounceList(OWN)
  list.addFromSource(named('before', 2))
  list.addFromFile(named('file', 2))
  list.addFromSource(named('after', 2))
  expect(list.ofTorrent).toEqual({ urls: named('file', 2), areOfFile: true })
  expect(list.urls).toEqual([...OWN, ...named('before', 2), ...named('file', 2), ...named('after', 2)])
  list.addFromFile([])
  expect(list.ofTorrent.urls).toEqual(named('file', 2))
  list.addFromFile(named('new-key', 1))
  expect(list.ofTorrent).toEqual({ urls: named('new-key', 1), areOfFile: true })
})

test('one tracker written in several ways counts once', () => {
  const list = new AnnounceList(OWN)
  const ways = Array.from({ length: 20 }, (_, index) => `udp://OWN.example.org.:1337/${index}`)
  list.addFromClient('a', ways)
  list.addFromSource(ways)
  expect(list.urls).toEqual(OWN)
  // The query of an HTTP tracker may be a key.
  list.addFromSource(['http://own.example.org/announce?passkey=1'])
  expect(list.urls).toEqual([...OWN, 'http://own.example.org/announce?passkey=1'])
})
