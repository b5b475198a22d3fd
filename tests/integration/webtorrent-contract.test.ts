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
