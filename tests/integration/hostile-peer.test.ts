import { createHash } from 'node:crypto'
import bencode from 'bencode'
import { expect, test } from 'vitest'
import { childrenOf } from '../support/processes.ts'
import { connectPeer, freePort, type RawPeer } from '../support/raw-peer.ts'
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
  const hostile = await connectPeer(port, INFO_HASH)
  const [engine] = childrenOf(process.pid, 'engine/child/main.ts')

  attack(hostile)
  await expect.poll(() => hostile.socket.destroyed, { timeout: 3_000 }).toBe(true)
  expect(childrenOf(process.pid, 'engine/child/main.ts')).toEqual([engine])
  void asked
})

const HONEST = { name: 'Film.mkv', length: 1_000_000, 'piece length': 65_536, pieces: Buffer.alloc(16 * 20) }
const HOSTILE_METADATA: readonly [name: string, info: object][] = [
  ['a piece length that is a word', { ...HONEST, 'piece length': 'abc' }],
  [
    'a piece length beyond all memory',
    { ...HONEST, 'piece length': 2 ** 52, length: 2 ** 52, pieces: Buffer.alloc(20) },
  ],
  ['a length of nine terabytes', { ...HONEST, length: 9e12 }],
  ['a negative length', { ...HONEST, length: -5 }],
  ['too few hashes', { ...HONEST, pieces: Buffer.alloc(20) }],
  [
    '20 000 files',
    {
      ...HONEST,
      length: undefined,
      files: Array.from({ length: 20_000 }, () => ({ length: 50, path: ['a'] })),
    },
  ],
]

test.for(HOSTILE_METADATA)('metadata with %s is refused at once, and the engine lives', async ([, info]) => {
  const metadata = bencode.encode(info)
  const infoHash = createHash('sha1').update(metadata).digest('hex')
  const port = await freePort()
  await using app = await startTestApp({
    TORRENT_PORT: String(port),
    TORRENT_TIMEOUT: '20000',
    TORRENT_MAX_RETRIES: '0',
  })
  const asked = fetch(`${app.url}/stream/proxy/${infoHash}`)
  const [engine] = childrenOf(process.pid, 'engine/child/main.ts')
  const peer = await connectPeer(port, infoHash)
  peer.sendExtended(0, { m: { ut_metadata: 2 }, metadata_size: metadata.length })
  for (let piece = 0; piece * 16_384 < metadata.length; piece++) {
    const part = metadata.subarray(piece * 16_384, (piece + 1) * 16_384)
    peer.sendExtended(UT_METADATA, { msg_type: 1, piece, total_size: metadata.length }, part)
  }
  expect((await asked).status).toBe(404)
  expect(childrenOf(process.pid, 'engine/child/main.ts')).toEqual([engine])
})
