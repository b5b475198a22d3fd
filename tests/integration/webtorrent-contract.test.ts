import { type EventEmitter, once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import bencode from 'bencode'
import Wire from 'bittorrent-protocol'
import { expect, test } from 'vitest'
import WebTorrent from 'webtorrent'
import { dropPieceObjects } from '../../src/engine/child/drop-piece-objects.ts'
import { ALONE } from '../support/alone.ts'

const packages = new URL('../../node_modules/', import.meta.url)

// What we use of webtorrent and bittorrent-protocol beyond their public interface; a new version must pass this.

test('the installed versions are those whose internals we know', () => {
  const versionOf = (name: string) =>
    (JSON.parse(readFileSync(new URL(`${name}/package.json`, packages), 'utf8')) as { version: string })
      .version
  expect([versionOf('webtorrent'), versionOf('bittorrent-protocol')]).toEqual(['3.0.21', '5.0.9'])
})

test('webtorrent uses the Wire class that we guard, not a copy', () => {
  expect(existsSync(new URL('webtorrent/node_modules/bittorrent-protocol', packages))).toBe(false)
})

test('a wire has the members that we wrap or call', () => {
  const members = [
    '_onMessageLength',
    '_onMessage',
    '_parse',
    '_push',
    '_pull',
    'piece',
    '_processBuffer',
    '_write',
    '_onHandshake',
    '_onHave',
    '_onRequest',
    '_onExtended',
    'use',
    'reject',
    'cancel',
    'have',
    'request',
    'interested',
    'uninterested',
    'bitfield',
    'haveAll',
    'haveNone',
    '_sendExtendedHandshake',
  ] as const
  for (const member of members) {
    expect(typeof Wire.prototype[member], member).toBe('function')
  }
})

test('a wire measures its speed with our measure', () => {
  const wire = new (Wire as unknown as new () => Wire)()
  expect(Object.hasOwn(wire, 'downloadSpeed')).toBe(true)
  expect([wire.peerChoking, wire.peerExtendedHandshake, wire.downloaded]).toEqual([true, {}, 0])
  wire.destroy()
})

test('a wire notes what was said in its greeting where the dialler changes it', () => {
  const wire = new Wire('tcpOutgoing')
  expect([wire.amInterested, wire._extendedHandshakeSent, wire.extendedMapping, wire.peerExtensions]).toEqual(
    [false, undefined, {}, {}],
  )
  wire.extendedMapping = { 1: 'ut_metadata' }
  const said: Uint8Array[] = []
  wire._push = (message) => said.push(message) > 0
  wire._sendExtendedHandshake()
  wire.interested()
  wire.interested()
  expect([wire._extendedHandshakeSent, wire.amInterested]).toEqual([true, true])
  const extended = '\x14\0d1:md11:ut_metadatai1eee'
  expect(Buffer.concat(said).toString('latin1')).toBe(
    `\0\0\0${String.fromCharCode(extended.length)}${extended}\0\0\0\x01\x02`,
  )
  wire.destroy()
})

test('a wire has its unread bytes and its encryption where the guards look for them', () => {
  const wire = new Wire('tcpIncoming', 1)
  expect(wire._readableState.buffered).toBe(0)
  wire.push(Buffer.alloc(10))
  expect(wire._readableState.buffered).toBe(10)
  expect([wire._bufferSize, wire._buffer, wire._parserSize]).toEqual([0, [], 20])
  const { prototype } = wire._encryptor?.constructor ?? {}
  expect(Object.getOwnPropertyDescriptor(prototype, 'dh')?.get).toBeTypeOf('function')
  wire.destroy()
})

test('the extensions have the members that the guards wrap', async () => {
  const client = new WebTorrent(ALONE)
  const torrent = client.add('ab'.repeat(20), { deselect: true })
  const wire = new Wire()
  torrent._onWire(wire)
  const members = {
    ut_metadata: [
      'onExtendedHandshake',
      '_onRequest',
      '_onData',
      '_checkDone',
      '_failedMetadata',
      '_bitfield',
    ],
    ut_pex: ['onMessage', 'emit'],
    lt_donthave: ['onMessage'],
  }
  for (const [name, expected] of Object.entries(members)) {
    for (const member of expected) expect(Reflect.get(wire, name), name).toHaveProperty(member)
  }
  wire.destroy()
  await new Promise((done) => client.destroy(done))
})

test('a torrent has the members that the adapter uses', async () => {
  const client = new WebTorrent(ALONE)
  const torrent = client.add('ab'.repeat(20), { deselect: true })
  for (const member of [
    '_onMetadata',
    '_addIncomingPeer',
    '_validAddr',
    '_update',
    '_verifyPieces',
    '_markVerified',
    '_markUnverified',
    '_checkDone',
    'destroy',
    'addPeer',
    '_startDiscovery',
    '_drain',
    '_addPeer',
    'removePeer',
  ] as const) {
    expect(typeof torrent[member], member).toBe('function')
  }
  expect(torrent._queue).toEqual([])
  expect(torrent.wires).toEqual([])
  expect(torrent._peers).toEqual(new Map())
  expect(torrent._queue).toEqual([])
  expect(Reflect.get(torrent, '_numQueued')).toBe(0)
  const drained: unknown[] = []
  torrent._drain = () => void drained.push(torrent._queue?.at(-1))
  const peer = torrent._addPeer('192.0.2.1:6881', 'tcp', 'tracker')
  expect(drained).toEqual([peer])
  expect(peer).toMatchObject({ conn: null, wire: null, secure: 1, source: 'tracker' })
  expect(Reflect.get(peer ?? {}, 'onConnect')).toBeTypeOf('function')
  expect(Reflect.get(peer ?? {}, 'handshake')).toBeTypeOf('function')
  expect([torrent.metadata, torrent.ready, torrent.client.utPex]).toEqual([null, false, true])
  await new Promise((done) => client.destroy(done))
})

test('the sources of peers have the members that the guards wrap', async () => {
  const client = new WebTorrent({
    dht: {},
    lsd: true,
    natUpnp: false,
    natPmp: false,
    tracker: { wrtc: false },
  })
  if (client.dht) {
    const { dht } = client
    expect(typeof dht._rpc.socket.query).toBe('function')
    dht.addNode({ id: 'cd'.repeat(20), host: '192.0.2.1', port: 6881 })
    const node = { id: Buffer.alloc(20, 0xcd), host: '192.0.2.1', port: 6881 }
    expect(dht.nodes.toArray()).toEqual([node])
    // When a node answers, or asks.
    ;(dht._rpc.socket as unknown as EventEmitter).emit(
      'query',
      { a: { id: node.id } },
      { address: '192.0.2.1', port: 6881 },
    )
    expect(dht.nodes.toArray()).toEqual([{ ...node, seen: expect.closeTo(Date.now(), -5) }])
  } else expect.fail('there is no DHT')
  const torrent = client.add('ab'.repeat(20), { announce: ['udp://127.0.0.1:9'], deselect: true })
  await expect.poll(() => torrent.discovery).toBeTruthy()
  const { tracker, lsd, _onLSDPeer } = torrent.discovery ?? {}
  expect(lsd?.listeners('peer')).toEqual([_onLSDPeer])
  expect(tracker?._trackers.map(({ announceUrl }) => announceUrl)).toEqual(['udp://127.0.0.1:9'])
  for (const { client: heard, setInterval } of tracker?._trackers ?? []) {
    expect([heard, typeof heard.emit, typeof setInterval]).toEqual([tracker, 'function', 'function'])
  }
  await new Promise((done) => client.destroy(done))
})

test('a torrent without piece objects is ready with the pieces it was given, and requests none', async () => {
  const client = new WebTorrent(ALONE)
  const pieces = 1_000
  const info = {
    name: 'Film.mkv',
    length: pieces * 16_384,
    'piece length': 16_384,
    pieces: Buffer.alloc(pieces * 20),
  }
  const claimed = new Uint8Array(Math.ceil(pieces / 8)).fill(0b1010_0000, 0, 1)
  const asked: number[] = []
  class Store {
    readonly chunkLength = 16_384
    put(_piece: number, _bytes: Uint8Array, done: () => void): void {
      done()
    }
    get(piece: number, _options: unknown, done: (error: Error) => void): void {
      asked.push(piece)
      done(new Error('not there'))
    }
    close(done: () => void): void {
      done()
    }
  }
  const torrent = client.add(bencode.encode({ info }), { store: Store, bitfield: claimed, deselect: true })
  dropPieceObjects(torrent)
  await once(torrent, 'ready')

  expect(asked).toEqual([])
  expect([0, 1, 2, 3].map((piece) => torrent.bitfield.get(piece))).toEqual([true, false, true, false])
  expect([0, 1, 2, 3].map((piece) => torrent.pieces[piece] !== null)).toEqual([false, true, false, true])
  expect(new Set(torrent.pieces).size).toBe(2)
  expect(torrent._rarityMap).toBe(null)
  expect(torrent.bitfield.buffer).toEqual(claimed)
  expect(torrent.metadata).toBe(torrent.torrentFile)
  // A piece arrives, and is lost again.
  torrent._markVerified(1)
  expect([torrent.bitfield.get(1), torrent.pieces[1]]).toEqual([true, null])
  torrent._markUnverified(1)
  expect([torrent.bitfield.get(1), torrent.pieces[1] === null]).toEqual([false, false])
  await new Promise((done) => client.destroy(done))
})
