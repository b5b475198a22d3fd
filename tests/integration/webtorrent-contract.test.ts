import { existsSync, readFileSync } from 'node:fs'
import Wire from 'bittorrent-protocol'
import { expect, test } from 'vitest'
import WebTorrent from 'webtorrent'

const packages = new URL('../../node_modules/', import.meta.url)

// What we use of webtorrent and bittorrent-protocol beyond what they promise; a new version of them must pass this.

test('the versions are the ones whose inner workings we know', () => {
  const versionOf = (name: string) =>
    (JSON.parse(readFileSync(new URL(`${name}/package.json`, packages), 'utf8')) as { version: string })
      .version
  expect([versionOf('webtorrent'), versionOf('bittorrent-protocol')]).toEqual(['3.0.21', '5.0.9'])
})

test('webtorrent speaks through the very Wire that we guard, not through one of its own', () => {
  expect(existsSync(new URL('webtorrent/node_modules/bittorrent-protocol', packages))).toBe(false)
})

test('the members of a wire that we wrap or call are there', () => {
  const members = [
    '_onMessageLength',
    '_onMessage',
    '_parse',
    '_push',
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
  ] as const
  for (const member of members) {
    expect(typeof Wire.prototype[member], member).toBe('function')
  }
})

test('a wire measures its speed where we put our measure', () => {
  const wire = new (Wire as unknown as new () => Wire)()
  expect(Object.hasOwn(wire, 'downloadSpeed')).toBe(true)
  expect([wire.peerChoking, wire.peerExtendedHandshake]).toEqual([true, {}])
  wire.destroy()
})

test('a wire keeps what was not read yet, and its encryption, where the guards look for it', () => {
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
  const client = new WebTorrent({ dht: false, lsd: false, natUpnp: false, natPmp: false, tracker: false })
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

test('the members of a torrent that the adapter uses are there', async () => {
  const client = new WebTorrent({
    dht: false,
    lsd: false,
    natUpnp: false,
    natPmp: false,
    utp: false,
    tracker: false,
  })
  const torrent = client.add('ab'.repeat(20), { deselect: true })
  for (const member of [
    '_onMetadata',
    '_update',
    '_markVerified',
    '_markUnverified',
    '_checkDone',
    '_destroy',
    'destroy',
  ] as const) {
    expect(typeof torrent[member], member).toBe('function')
  }
  expect(torrent.wires).toEqual([])
  await new Promise((done) => client.destroy(done))
})
