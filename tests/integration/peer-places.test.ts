import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { connectPeer, freePort, handshakeOf, type RawPeer } from '../support/raw-peer.ts'
import { startNamingTracker, startStuckPeers } from '../support/stuck-peers.ts'
import { startTestApp } from '../support/test-app.ts'

const INFO_HASH = 'cd'.repeat(20)
const PEERS = 12
/** a `have` of nine bytes instead of five (BEP 3) */
const HOSTILE = Buffer.from([0, 0, 0, 9, 4, 0, 0, 0, 0, 0, 0, 0, 0])

/** A server that looks for a torrent, with places for twelve peers. */
async function startLooking(trackerUrl: string, encryption: string) {
  await using starting = new AsyncDisposableStack()
  const port = await freePort()
  const app = starting.use(
    await startTestApp({
      TORRENT_PORT: String(port),
      TORRENT_PEERS: String(PEERS),
      TORRENT_TIMEOUT: '60000',
      TORRENT_ENCRYPTION: encryption,
      TORRENT_TRACKERS: trackerUrl,
    }),
  )
  const leaving = new AbortController()
  starting.defer(() => leaving.abort())
  fetch(`${app.url}/stream/proxy/${INFO_HASH}`, { signal: leaving.signal }).catch(() => undefined)
  // Before the torrent is open no peer is let in. This one stays and takes one of the places.
  const first = await connectPeer(port, INFO_HASH)
  starting.defer(() => void first.socket.destroy())
  const parts = starting.move()
  return { port, [Symbol.asyncDispose]: () => parts.disposeAsync() }
}

/** Connects with handshakes; those that are answered have a place. */
async function come(port: number, from: (n: number) => string, count: number): Promise<RawPeer[]> {
  const peers = await Promise.all(
    Array.from({ length: count }, async (_, n) => {
      const id = `-XX0002-${String(n).padStart(12, '0')}`
      return connectPeer(port, INFO_HASH, from(n), id, 0).catch(() => undefined)
    }),
  )
  return peers.filter((peer) => peer !== undefined)
}

test.for(['off', 'prefer'] as const)(
  'incoming peers get at most half of the places, and those of one nearby address four (encryption: %s)',
  async (encryption) => {
    await using tracker = await startNamingTracker([])
    await using server = await startLooking(tracker.url, encryption)
    const ofOne = await come(server.port, () => '127.0.0.7', 10)
    expect(ofOne).toHaveLength(4)
    const ofMany = await come(server.port, (n) => `127.0.1.${1 + n}`, 10)
    expect(ofMany).toHaveLength(PEERS / 2 - 1 - 4)
    // A place that becomes free is given to another peer.
    for (const { socket } of ofOne) socket.destroy()
    await expect.poll(async () => (await come(server.port, () => '127.0.0.8', 1)).length).toBe(1)
    for (const { socket } of ofMany) socket.destroy()
  },
)

test('peers that are dropped as soon as they connect keep no places', async () => {
  await using tracker = await startNamingTracker([])
  await using server = await startLooking(tracker.url, 'off')
  for (let n = 0; n < 3 * PEERS; n++) {
    const socket = connect({ port: server.port, host: '127.0.0.1', localAddress: `127.0.3.${1 + n}` })
    await once(socket, 'connect')
    socket.on('error', () => undefined).resume()
    // A message that no honest peer sends, in one packet with the handshake, drops it before it has a place.
    socket.write(Buffer.concat([handshakeOf(INFO_HASH), HOSTILE]))
    await once(socket, 'close')
  }
  await expect.poll(async () => (await come(server.port, () => '127.0.4.1', 1)).length).toBe(1)
})

test('peers that we find are dialled even when as many as allowed are incoming', async () => {
  await using found = await startStuckPeers({ infoHash: INFO_HASH, count: PEERS / 2, from: 'many' })
  const haveCome = Promise.withResolvers<void>()
  await using tracker = await startNamingTracker(found.addresses, haveCome.promise)
  await using server = await startLooking(tracker.url, 'off')
  const came = await come(server.port, (n) => `127.0.9.${1 + n}`, PEERS + 5)
  expect(came).toHaveLength(PEERS / 2 - 1)
  haveCome.resolve()
  await expect.poll(() => found.open()).toBe(PEERS / 2)
  for (const { socket } of came) socket.destroy()
})
