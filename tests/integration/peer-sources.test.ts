import { EventEmitter, once } from 'node:events'
import bencode from 'bencode'
import { afterEach, beforeEach, expect, test } from 'vitest'
import WebTorrent, { type Dht, type Torrent } from 'webtorrent'
import { OwnTrackers } from '../../src/engine/child/own-trackers.ts'
import { guardDht, guardPeerSources } from '../../src/engine/child/peer-sources.ts'
import { ALONE } from '../support/alone.ts'
import { startLocalServer } from '../support/local-server.ts'

const INFO_HASH = 'ab'.repeat(20)

let client: WebTorrent
let torrent: Torrent
/** addresses that were dialled, or would have been */
let added: unknown[]

beforeEach(() => {
  client = new WebTorrent({ ...ALONE, tracker: { wrtc: false } })
  added = []
})

afterEach(async () => {
  await new Promise((done) => client.destroy(done))
})

/** Adds the torrent with the guard, on top of a webtorrent that only notes the peers it is given. */
function add(announce: readonly string[], own: readonly string[]): void {
  torrent = client.add(INFO_HASH, { announce: [...announce], deselect: true })
  torrent.addPeer = (peer) => {
    added.push(peer)
    return true
  }
  guardPeerSources(torrent, new OwnTrackers(own), { waiting: 0 })
}

async function startTracker(peers: Buffer, more: object = {}) {
  return startLocalServer((_req, res) => res.end(bencode.encode({ interval: 1800, peers, ...more })))
}

test('a configured tracker on this machine may name peers on this machine, another tracker may not', async () => {
  const named = compact('127.0.0.1:1111', '192.168.1.9:2222', '8.8.8.8:3333', '169.254.169.254:80')
  await using own = await startTracker(named)
  await using other = await startTracker(named)
  add([`${own.url}/announce`, `${other.url}/announce`], [`${own.url}/announce`])
  await announcedBy(2)
  expect(added.toSorted()).toEqual(['127.0.0.1:1111', '192.168.1.9:2222', '8.8.8.8:3333', '8.8.8.8:3333'])
})

test('peers are taken by address, not by a name that would need a lookup', async () => {
  await using own = await startTracker(compact('127.0.0.1:1111'))
  add([`${own.url}/announce`], [`${own.url}/announce`])
  await announcedBy(1)
  const [tracker] = torrent.discovery?.tracker?._trackers ?? []
  for (const peer of ['localhost:80', 'router.lan:80', 'example.org:80', '[::1]:80', 'nonsense']) {
    tracker?.client.emit('peer', peer)
  }
  expect(added).toEqual(['127.0.0.1:1111', '[::1]:80'])
})

test('200 peers are taken from one answer of another’s tracker, and 1,000 of the user’s own', async () => {
  const peersIn = (net: number) =>
    Array.from({ length: 5_000 }, (_, index) => `8.${net}.${index >> 8}.${index & 255}:80`)
  await using own = await startTracker(compact(...peersIn(8)))
  await using other = await startTracker(compact(...peersIn(9)))
  add([`${own.url}/announce`, `${other.url}/announce`], [`${own.url}/announce`])
  await announcedBy(2)
  const addedOf = (net: number) => added.filter((peer) => String(peer).startsWith(`8.${net}.`))
  expect(addedOf(8)).toEqual(peersIn(8).slice(0, 1_000))
  expect(addedOf(9)).toEqual(peersIn(9).slice(0, 200))
})

test('a tracker is asked again after a minute at the earliest, whatever its interval is', async () => {
  await using tracker = await startTracker(compact(), { interval: -1 })
  add([`${tracker.url}/announce`], [`${tracker.url}/announce`])
  await announcedBy(1)
  const [inside] = torrent.discovery?.tracker?._trackers ?? []
  const timer = (inside as unknown as { interval: { _idleTimeout: number } }).interval
  expect(timer._idleTimeout).toBe(60_000)
})

test.for([Buffer.from('session-1'), Buffer.from('a b&c=d'), Buffer.from([0, 0x2f, 0xc3, 0xff])])(
  'a tracker gets back the id that it gave, byte for byte: %j',
  async (id) => {
    await using tracker = await startTracker(compact(), { 'tracker id': id })
    add([`${tracker.url}/announce`], [`${tracker.url}/announce`])
    await announcedBy(1)
    torrent.discovery?.tracker?._trackers[0]?.announce({})
    await announcedBy(1)
    const said = /[?&]trackerid=([^&]*)/.exec(tracker.asked[1] ?? '')?.[1] ?? ''
    const bytes = said.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    expect(Buffer.from(bytes, 'latin1')).toEqual(id)
  },
)

test('the DHT may name peers on the internet only, local discovery peers of this torrent at any valid address', async () => {
  client.destroy()
  client = new WebTorrent({ ...ALONE, lsd: true, tracker: { wrtc: false } })
  add([], [])
  await expect.poll(() => torrent.discovery?.lsd).toBeTruthy()
  const { discovery } = torrent
  for (const peer of ['127.0.0.1:1', '10.0.0.1:2', '[fd00::1]:3', '8.8.8.8:4']) {
    discovery?.emit('peer', peer, 'dht')
  }
  expect(added.splice(0)).toEqual(['8.8.8.8:4'])

  discovery?.lsd?.emit('peer', '192.168.1.9:5', INFO_HASH.toUpperCase())
  discovery?.lsd?.emit('peer', '192.168.1.9:6', 'cd'.repeat(20))
  discovery?.lsd?.emit('peer', '169.254.169.254:80', INFO_HASH)
  expect(added).toEqual(['192.168.1.9:5'])
})

test('the number of peers named by strangers is bounded by what can be tried soon', async () => {
  client.destroy()
  client = new WebTorrent({ ...ALONE, maxConns: 0 })
  torrent = client.add(INFO_HASH, { deselect: true })
  const dials = {
    get waiting() {
      return torrent._queue?.length ?? 0
    },
  }
  guardPeerSources(torrent, new OwnTrackers([]), dials)
  await expect.poll(() => torrent.discovery).toBeTruthy()
  for (let index = 0; index < 1_000; index++) {
    torrent.discovery?.emit('peer', `8.8.${index >> 8}.${index & 255}:80`, 'dht')
  }
  expect(torrent._queue?.length).toBe(200)
})

test('nodes of the DHT cannot send us into the user’s network', async () => {
  const asked: string[] = []
  const query = (node: { host: string }) => asked.push(node.host)
  const dht: Dht = { _rpc: { socket: Object.assign(new EventEmitter(), { query }) } }
  guardDht(dht)
  const failures: unknown[] = []
  for (const host of ['127.0.0.1', '192.168.1.1', '169.254.169.254', '8.8.8.8', 'router.bittorrent.com']) {
    dht._rpc.socket.query({ host, port: 53 }, {}, (error) => failures.push(error))
  }
  await expect.poll(() => failures.length).toBe(3)
  expect(asked).toEqual(['8.8.8.8', 'router.bittorrent.com'])
})

/** BEP 23 */
function compact(...peers: readonly string[]): Buffer {
  return Buffer.from(
    peers.flatMap((peer) => {
      const [host = '', port] = peer.split(':')
      return [...host.split('.').map(Number), Number(port) >> 8, Number(port) & 255]
    }),
  )
}

/** Resolves when that many trackers have answered, and the answers were read. */
async function announcedBy(trackers: number): Promise<void> {
  for (let index = 0; index < trackers; index++) await once(torrent, 'trackerAnnounce')
  await new Promise((done) => setImmediate(done))
}
