import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import bencode from 'bencode'
import { expect, test } from 'vitest'
import { startLocalServer } from '../support/local-server.ts'
import { connectPeer, freePort, listenAsPeer, type RawPeer } from '../support/raw-peer.ts'
import { startTestApp } from '../support/test-app.ts'

const INFO_HASH = 'ab'.repeat(20)

test('an incoming peer may not name hosts in the user’s network, a peer that we dialled may', async () => {
  await using forbidden = await listen()
  await using allowed = await listen()
  const met = Promise.withResolvers<RawPeer>()
  await using honest = await listenAsPeer(INFO_HASH, met.resolve)
  let isTold = false
  await using tracker = await startLocalServer((_req, res) => {
    isTold = true
    res.end(bencode.encode({ interval: 1800, peers: peerList(honest.port) }))
  })
  const port = await freePort()
  await using app = await startTestApp({
    TORRENT_PORT: String(port),
    TORRENT_TRACKERS: `${tracker.url}/announce`,
    TORRENT_TIMEOUT: '30000',
  })
  const leaving = new AbortController()
  fetch(`${app.url}/stream/proxy/${INFO_HASH}`, { signal: leaving.signal }).catch(() => undefined)

  const incoming = await connectPeer(port, INFO_HASH)
  await tellOf(incoming, forbidden.port)
  const outgoing = await met.promise
  expect(isTold).toBe(true)
  await tellOf(outgoing, allowed.port)
  await expect.poll(allowed.connections).toBeGreaterThan(0)
  expect(forbidden.connections()).toBe(0)
  for (const { socket } of [incoming, outgoing]) socket.destroy()
  leaving.abort()
})

/** BEP 11. Resolves when the other side has read it. */
async function tellOf(peer: RawPeer, port: number): Promise<void> {
  const ids = Promise.withResolvers<{ readonly ut_metadata: number; readonly ut_pex: number }>()
  const answered = Promise.withResolvers<void>()
  peer.hear((message) => {
    if (message[0] !== 20) return
    const { m, msg_type: kind } = bencode.decode(message.subarray(2)) as {
      readonly m: { readonly ut_metadata: number; readonly ut_pex: number }
      readonly msg_type: unknown
    }
    if (message[1] === 0) ids.resolve(m)
    else if (kind === 2) answered.resolve()
  })
  peer.sendExtended(0, { m: { ut_metadata: 1, ut_pex: 2 }, metadata_size: 0 })
  const { ut_metadata: metadata, ut_pex: exchange } = await ids.promise
  peer.sendExtended(exchange, { added: peerList(port), 'added.f': Buffer.alloc(1) })
  // A request for metadata that it does not have is refused after everything before it was read.
  peer.sendExtended(metadata, { msg_type: 0, piece: 0 })
  await answered.promise
}

function peerList(port: number): Buffer {
  return Buffer.from([127, 0, 0, 1, port >> 8, port & 255])
}

async function listen() {
  let connections = 0
  const server = createServer((socket) => {
    connections++
    socket.destroy()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    async [Symbol.asyncDispose]() {
      server.close()
    },
  }
}
