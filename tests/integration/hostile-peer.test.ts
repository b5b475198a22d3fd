import { expect, test } from 'vitest'
import { connectPeer, freePort, isListening, type RawPeer } from '../support/hostile-peer.ts'
import { childrenOf } from '../support/processes.ts'
import { startTestApp } from '../support/test-app.ts'

const INFO_HASH = 'ab'.repeat(20)
const UT_METADATA = 1

/** Each of these ended the process, or made it buffer gigabytes, before there was a guard. */
const ATTACKS: readonly [name: string, attack: (peer: RawPeer) => void][] = [
  [
    'metadata far behind its own end',
    (peer) => {
      peer.sendExtended(0, { m: { ut_metadata: 2 }, metadata_size: 100 })
      peer.sendExtended(UT_METADATA, { msg_type: 1, piece: 4_000, total_size: 100 }, Buffer.alloc(100))
    },
  ],
  [
    'metadata whose size it never told',
    (peer) => {
      peer.sendExtended(0, { m: { ut_metadata: 2 } })
      peer.sendExtended(UT_METADATA, { msg_type: 1, piece: 1, total_size: 100 }, Buffer.alloc(100))
    },
  ],
  [
    'a request for metadata, though it has no such extension',
    (peer) => {
      peer.sendExtended(0, { m: {} })
      peer.sendExtended(UT_METADATA, { msg_type: 0, piece: 0 })
    },
  ],
  [
    'a message of 2 GiB',
    (peer) => {
      peer.socket.write(Buffer.from([0x7f, 0xff, 0xff, 0xff, 20]))
      peer.socket.write(Buffer.alloc(1024 * 1024))
    },
  ],
  ['a message that is cut short', (peer) => peer.send(Buffer.from([6, 0, 0]))],
]

test.for(ATTACKS)('%s costs a peer its connection, and nothing else', async ([, attack]) => {
  const port = await freePort()
  await using app = await startTestApp({
    TORRENT_PORT: String(port),
    TORRENT_TIMEOUT: '6000',
    TORRENT_MAX_RETRIES: '0',
  })
  const asked = fetch(`${app.url}/stream/proxy/${INFO_HASH}`).catch(() => undefined)
  await expect.poll(() => isListening(port), { timeout: 5_000 }).toBe(true)
  const hostile = await connectPeer(port, INFO_HASH)
  const [engine] = childrenOf(process.pid, 'engine/child/main.ts')

  attack(hostile)
  await hostile.closed()
  expect(childrenOf(process.pid, 'engine/child/main.ts')).toEqual([engine])
  void asked
})
