import dgram from 'node:dgram'
import { expect, test } from 'vitest'
import { childrenOf } from '../support/processes.ts'
import { connectPeer, freePort } from '../support/raw-peer.ts'
import { startTestApp } from '../support/test-app.ts'

const INFO_HASH = 'ab'.repeat(20)
const LSD_PORT = 6771

test('a datagram that is not an announcement does not end the engine', async () => {
  const port = await freePort()
  await using app = await startTestApp({
    TORRENT_LSD: 'true',
    TORRENT_PORT: String(port),
    TORRENT_TIMEOUT: '20000',
  })
  const leaving = new AbortController()
  fetch(`${app.url}/stream/proxy/${INFO_HASH}`, { signal: leaving.signal }).catch(() => undefined)
  const first = await connectPeer(port, INFO_HASH)
  const engines = childrenOf(process.pid, 'engine/child/main.ts')

  const sender = dgram.createSocket('udp4')
  for (const text of ['BT-SEARCH * HTTP/1.1', '', 'x', 'BT-SEARCH * HTTP/1.1\r\nHost: a\r\n']) {
    await new Promise((done) => sender.send(text, LSD_PORT, '127.0.0.1', done))
  }
  sender.close()
  // The engine reads datagrams sent earlier before it answers a later connection.
  const second = await connectPeer(port, INFO_HASH)
  expect(childrenOf(process.pid, 'engine/child/main.ts')).toEqual(engines)
  for (const { socket } of [first, second]) socket.destroy()
  leaving.abort()
})
