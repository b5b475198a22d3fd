import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import bencode from 'bencode'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { shakeHandsEncrypted } from '../support/encrypted-handshake.ts'
import { patternBytes } from '../support/pattern-bytes.ts'
import { anonymousMemoryOf, childrenOf, cpuSecondsOf } from '../support/processes.ts'
import {
  connectPeer,
  extended,
  framed,
  freePort,
  handshakeOf,
  message,
  type RawPeer,
} from '../support/raw-peer.ts'
import { startTestApp, type TestApp } from '../support/test-app.ts'

const UT_METADATA = 1
const UT_PEX = 2
const MIB = 1024 * 1024

/** A server with one torrent without metadata, and one whose metadata a peer has sent. */
interface Target extends AsyncDisposable {
  readonly app: TestApp
  readonly port: number
  readonly engine: number
}

const UNKNOWN = 'ab'.repeat(20)
const PIECES = 2_000
const KNOWN = bencode.encode({
  name: 'Film.mkv',
  length: PIECES * 16_384,
  'piece length': 16_384,
  pieces: patternBytes(PIECES * 20),
})
const KNOWN_HASH = sha1(KNOWN)

async function startTarget(settings: Readonly<Record<string, string>> = {}): Promise<Target> {
  await using starting = new AsyncDisposableStack()
  const port = await freePort()
  const app = starting.use(
    await startTestApp({
      TORRENT_PORT: String(port),
      TORRENT_TIMEOUT: '120000',
      TORRENT_MAX_RETRIES: '0',
      ...settings,
    }),
  )
  const leaving = new AbortController()
  starting.defer(() => leaving.abort())
  for (const infoHash of [UNKNOWN, KNOWN_HASH]) {
    fetch(`${app.url}/stream/proxy/${infoHash}`, { signal: leaving.signal }).catch(() => undefined)
  }
  const peer = await connectPeer(port, KNOWN_HASH)
  bringMetadata(peer, KNOWN)
  const metainfo = join(app.folder, KNOWN_HASH, '.self-streme', 'metainfo.torrent')
  await vi.waitFor(() => expect(existsSync(metainfo)).toBe(true), { timeout: 10_000 })
  peer.socket.destroy()
  const [engine = 0] = childrenOf(process.pid, 'engine/child/main.ts')
  const parts = starting.move()
  return { app, port, engine, [Symbol.asyncDispose]: () => parts.disposeAsync() }
}

/** The engine is still the same process, and answers a new peer at once. */
async function expectUnharmed({ port, engine }: Target): Promise<void> {
  const honest = await Promise.race([
    connectPeer(port, UNKNOWN, '127.0.0.9'),
    new Promise<never>((_, fail) => setTimeout(fail, 10_000, new Error('the engine is busy'))),
  ])
  honest.socket.destroy()
  expect(childrenOf(process.pid, 'engine/child/main.ts')).toEqual([engine])
}

type Attack = readonly [name: string, attack: (peer: RawPeer) => void]

/** On a torrent of which only the info hash is known. */
const WHILE_ASKING: readonly Attack[] = [
  [
    'a metadata piece far after its end',
    (peer) => {
      peer.sendExtended(0, { m: { ut_metadata: 2 }, metadata_size: 100 })
      peer.sendExtended(UT_METADATA, { msg_type: 1, piece: 4_000, total_size: 100 }, Buffer.alloc(100))
    },
  ],
  [
    'metadata whose size it never sent',
    (peer) => {
      peer.sendExtended(0, { m: { ut_metadata: 2 } })
      peer.sendExtended(UT_METADATA, { msg_type: 1, piece: 1, total_size: 100 }, Buffer.alloc(100))
    },
  ],
  [
    '10 MB of metadata in empty pieces, sent a thousand times',
    (peer) => {
      peer.sendExtended(0, { m: { ut_metadata: 2 }, metadata_size: 10_000_000 })
      const pieces = Array.from({ length: 611 }, (_, piece) => emptyMetadata(piece))
      const again = Array.from({ length: 1_000 }, () => emptyMetadata(0))
      peer.socket.write(Buffer.concat([...pieces, ...again]))
    },
  ],
  [
    'wrong metadata, and then a handshake without that extension',
    (peer) => {
      peer.sendExtended(0, { m: { ut_metadata: 2 }, metadata_size: 10 })
      peer.socket.write(
        Buffer.concat([
          framed(extended(UT_METADATA, { msg_type: 1, piece: 0, total_size: 10 }, Buffer.alloc(10))),
          framed(extended(0, { m: { ut_metadata: 0 } })),
        ]),
      )
    },
  ],
  [
    'metadata of a negative size',
    (peer) => peer.sendExtended(0, { m: { ut_metadata: 2 }, metadata_size: -1 }),
  ],
  [
    'metadata whose size is text',
    (peer) => peer.sendExtended(0, { m: { ut_metadata: 2 }, metadata_size: '9' }),
  ],
  [
    'a thousand handshakes of extensions',
    (peer) => {
      const handshake = framed(extended(0, { m: { ut_metadata: 2 }, metadata_size: 10_000_000 }))
      peer.socket.write(Buffer.concat(Array<Buffer>(1_000).fill(handshake)))
    },
  ],
]

/** On any torrent, at any time. */
const ALWAYS: readonly Attack[] = [
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
      peer.socket.write(Buffer.alloc(MIB))
    },
  ],
  ['a message that is cut short', (peer) => peer.send(Buffer.from([6, 0, 0]))],
  ['a string of negative length', (peer) => sendText(peer, 0, 'l-3:e')],
  ['a handshake of extensions nested 5 000 deep', (peer) => sendText(peer, 0, 'l'.repeat(5_000))],
  ['a handshake of extensions that is a list', (peer) => sendText(peer, 0, 'le')],
  ['extensions that are a list', (peer) => peer.sendExtended(0, { m: ['ut_metadata'] })],
  ['an extension whose id is text', (peer) => peer.sendExtended(0, { m: { ut_pex: 'x' } })],
  ['an extension with the id 256', (peer) => peer.sendExtended(0, { m: { ut_pex: 256 } })],
  [
    'an extension whose id cannot be made text',
    (peer) => peer.sendExtended(0, { m: { a: { toString: 'x' } } }),
  ],
  [
    'ten thousand extensions',
    (peer) =>
      peer.sendExtended(0, {
        m: Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`x${n}`, 1])),
      }),
  ],
  [
    'peers that are a dictionary with a length',
    (peer) => sendText(peer, UT_PEX, 'd5:addedd6:lengthi500000000eee'),
  ],
  ['peers of five bytes', (peer) => peer.sendExtended(UT_PEX, { added: Buffer.alloc(5) })],
  ['ten thousand peers', (peer) => peer.sendExtended(UT_PEX, { added: Buffer.alloc(60_000, 1) })],
  ['piece −1', (peer) => peer.send(message(4, -1))],
  ['a piece that no torrent has', (peer) => peer.send(message(4, 1_000_000))],
  ['a request for nothing', (peer) => peer.send(message(6, 0, 0, 0))],
  ['a request for −1 bytes', (peer) => peer.send(message(6, 0, 0, -1))],
  ['a request at byte −1', (peer) => peer.send(message(6, 0, -1, 16_384))],
  ['a block of nothing', (peer) => peer.send(message(7, 0, 0))],
  ['a block without its header', (peer) => peer.send(Buffer.from([7, 0, 0, 0]))],
  ['an empty bitfield', (peer) => peer.send(Buffer.from([5]))],
  ['a bitfield of 126 KB', (peer) => peer.send(Buffer.alloc(126_000, 5))],
  ['five bitfields', (peer) => flood(peer, Buffer.from([5, 0xff]), 5)],
  ['have-all messages sent again and again', (peer) => flood(peer, Buffer.from([14]), 5)],
  [
    'choke and unchoke without end',
    (peer) => peer.socket.write(Buffer.concat(Array<Buffer>(200).fill(toggle))),
  ],
  ['interest without end', (peer) => flood(peer, Buffer.from([2]), 200)],
  ['a port without end', (peer) => flood(peer, Buffer.from([9, 1, 1]), 200)],
]

const toggle = Buffer.concat([framed(Buffer.from([1])), framed(Buffer.from([0]))])

describe('a hostile peer', () => {
  let target: Target
  beforeAll(async () => {
    target = await startTarget()
  })
  afterAll(() => target[Symbol.asyncDispose]())

  const cases = [
    ...[...WHILE_ASKING, ...ALWAYS].map(
      ([name, attack]) => [name, 'asks for metadata', UNKNOWN, attack] as const,
    ),
    ...ALWAYS.map(([name, attack]) => [name, 'looks for pieces', KNOWN_HASH, attack] as const),
  ]
  test.for(cases)('is dropped for %s, while the server %s', async ([, , infoHash, attack]) => {
    const hostile = await connectPeer(target.port, infoHash)
    attack(hostile)
    await expect.poll(() => hostile.socket.destroyed).toBe(true)
    await expectUnharmed(target)
  })

  test('may send a hundred thousand have messages without effect', async () => {
    const peer = await connectPeer(target.port, KNOWN_HASH)
    peer.send(Buffer.from([1]))
    peer.socket.write(
      Buffer.concat(Array.from({ length: 200_000 }, (_, n) => framed(message(4, n % 100_000)))),
    )
    await expectUnharmed(target)
    expect(peer.socket.destroyed).toBe(false)
    peer.socket.destroy()
  })

  test('uses no memory by requesting answers and not reading them', async () => {
    const before = anonymousMemoryOf(target.engine) / MIB
    const peer = await connectPeer(target.port, KNOWN_HASH)
    peer.socket.pause()
    peer.sendExtended(0, { m: { ut_metadata: 2 } })
    const request = framed(extended(UT_METADATA, { msg_type: 0, piece: 0 }))
    const refused = framed(message(6, 0, 0, 16_384))
    for (let n = 0; n < 20; n++) {
      const part = Buffer.concat([
        ...Array<Buffer>(1_000).fill(request),
        ...Array<Buffer>(5_000).fill(refused),
      ])
      if (!peer.socket.write(part)) await once(peer.socket, 'drain')
    }
    await expectUnharmed(target)
    // 20,000 pieces of metadata are 320 MiB.
    expect(anonymousMemoryOf(target.engine) / MIB - before).toBeLessThan(80)
    peer.socket.destroy()
  })

  test('cannot take all connections from one address', async () => {
    const sockets = Array.from({ length: 80 }, () =>
      connect({ port: target.port, host: '127.0.0.1', localAddress: '127.0.0.3' }).on(
        'error',
        () => undefined,
      ),
    )
    await expect.poll(() => sockets.filter((socket) => socket.closed || socket.destroyed).length).toBe(16)
    await expectUnharmed(target)
    for (const socket of sockets) socket.destroy()
  })
})

describe('a peer with encryption', () => {
  let target: Target
  beforeAll(async () => {
    target = await startTarget({ TORRENT_ENCRYPTION: 'prefer' })
  })
  afterAll(() => target[Symbol.asyncDispose]())

  test.for([
    ['the key 0', Buffer.alloc(96)],
    ['the key 1', Buffer.concat([Buffer.alloc(95), Buffer.from([1])])],
    ['a key beyond the modulus', Buffer.alloc(96, 0xff)],
    ['a key, and then only noise', patternBytes(2_000)],
  ] as const)('is dropped for %s', async ([, bytes]) => {
    const socket = connect(target.port, '127.0.0.1').on('error', () => undefined)
    await once(socket, 'connect')
    socket.resume().write(bytes)
    // Noise sent together with the key is checked with the next bytes, or when the handshake times out.
    await expect.poll(() => socket.destroyed || socket.bytesRead > 0).toBe(true)
    socket.write(Buffer.alloc(2_000, 7))
    await expect.poll(() => socket.destroyed).toBe(true)
    await expectUnharmed(target)
  })

  /** Eight zeros, both encryptions, no padding, and no initial payload. */
  const HONEST_CHOICE = Buffer.from('00000000000000000000000300000000', 'hex')
  const changed = (at: number, bytes: readonly number[]) => {
    const choice = Buffer.from(HONEST_CHOICE)
    choice.set(bytes, at)
    return choice
  }

  test('is answered after an honest handshake', async () => {
    const socket = connect(target.port, '127.0.0.1').on('error', () => undefined)
    await shakeHandsEncrypted(socket, UNKNOWN, HONEST_CHOICE)
    socket.write(handshakeOf(UNKNOWN))
    // Its key with padding, its choice with padding, and its own handshake, which comes last.
    await expect.poll(() => socket.bytesRead).toBeGreaterThan(96 + 14 + 68)
    expect(socket.destroyed).toBe(false)
    socket.destroy()
  })

  test.for([
    ['eight bytes that are not 0', UNKNOWN, changed(7, [1])],
    ['no encryption that it supports', UNKNOWN, changed(8, [0, 0, 0, 0])],
    ['an unknown encryption', UNKNOWN, changed(8, [0x7f, 0, 0, 0])],
    ['a torrent that the server does not have', '12'.repeat(20), HONEST_CHOICE],
    [
      'a handshake inside that ends in the middle',
      UNKNOWN,
      Buffer.concat([changed(14, [0, 40]), handshakeOf(UNKNOWN).subarray(0, 40)]),
    ],
    [
      'a handshake inside for another torrent',
      UNKNOWN,
      Buffer.concat([changed(14, [0, 68]), handshakeOf('12'.repeat(20))]),
    ],
    [
      'padding of 65535 bytes and then a bad message',
      UNKNOWN,
      Buffer.concat([
        changed(12, [0xff, 0xff]).subarray(0, 14),
        Buffer.alloc(65_535),
        Buffer.from([0, 68]),
        handshakeOf(UNKNOWN),
      ]),
    ],
  ] as const)('is dropped after an honest key for %s', async ([, infoHash, said]) => {
    const socket = connect(target.port, '127.0.0.1').on('error', () => undefined)
    await shakeHandsEncrypted(socket, infoHash, said)
    socket.write(Buffer.from([0x7f, 0xff, 0xff, 0xff]))
    await expect.poll(() => socket.destroyed).toBe(true)
    await expectUnharmed(target)
  })

  test('does not keep the engine busy by sixty keys', async () => {
    const sockets = Array.from({ length: 60 }, () =>
      connect(target.port, '127.0.0.1')
        .on('error', () => undefined)
        .resume(),
    )
    await Promise.all(sockets.map((socket) => once(socket, 'connect')))
    const cpuBefore = cpuSecondsOf(target.engine)
    for (const [n, socket] of sockets.entries()) socket.write(patternBytes(96, `key ${n}`))
    await expect.poll(() => sockets.every((socket) => socket.bytesRead >= 96)).toBe(true)
    // A separate key for each takes more than two seconds.
    expect(cpuSecondsOf(target.engine) - cpuBefore).toBeLessThan(1)
    for (const socket of sockets) socket.destroy()
  })
})

const HONEST = { name: 'Film.mkv', length: 1_000_000, 'piece length': 65_536, pieces: Buffer.alloc(16 * 20) }
const HOSTILE_METADATA: readonly [name: string, metadata: Uint8Array][] = [
  ['a piece length that is a word', bencode.encode({ ...HONEST, 'piece length': 'abc' })],
  [
    'a piece length beyond all memory',
    bencode.encode({ ...HONEST, 'piece length': 2 ** 52, length: 2 ** 52, pieces: Buffer.alloc(20) }),
  ],
  ['a length of nine terabytes', bencode.encode({ ...HONEST, length: 9e12 })],
  ['a negative length', bencode.encode({ ...HONEST, length: -5 })],
  ['too few hashes', bencode.encode({ ...HONEST, pieces: Buffer.alloc(20) })],
  [
    '20 000 files',
    bencode.encode({
      ...HONEST,
      length: undefined,
      files: Array.from({ length: 20_000 }, () => ({ length: 50, path: ['a'] })),
    }),
  ],
  ['no structure at all', Buffer.from('this is the text whose hash was asked for')],
  ['a string of negative length in it', Buffer.from('d4:infol-3:ee')],
  ['lists 50 000 deep', Buffer.from('l'.repeat(50_000))],
  ['a million empty lists', Buffer.from(`d4:name${'le'.repeat(1_000_000)}e`)],
]

describe('hostile metadata', () => {
  const resources = new AsyncDisposableStack()
  let app: TestApp
  let port: number
  beforeAll(async () => {
    port = await freePort()
    app = resources.use(
      await startTestApp({
        TORRENT_PORT: String(port),
        TORRENT_TIMEOUT: '20000',
        TORRENT_MAX_RETRIES: '0',
      }),
    )
  })
  afterAll(() => resources.disposeAsync())

  test.for(HOSTILE_METADATA.map(([name, metadata], n) => [name, metadata, `127.0.0.${n + 10}`] as const))(
    'metadata with %s is refused at once, and the engine keeps running',
    async ([, metadata, from]) => {
      const infoHash = sha1(metadata)
      const asked = fetch(`${app.url}/stream/proxy/${infoHash}`)
      const [engine] = childrenOf(process.pid, 'engine/child/main.ts')
      expect(engine).toBeDefined()
      const peer = await connectPeer(port, infoHash, from)
      bringMetadata(peer, metadata)
      expect((await asked).status).toBe(404)
      expect(childrenOf(process.pid, 'engine/child/main.ts')).toEqual([engine])
    },
  )
})

function bringMetadata(peer: RawPeer, metadata: Uint8Array): void {
  peer.sendExtended(0, { m: { ut_metadata: 2 }, metadata_size: metadata.length })
  for (let piece = 0; piece * 16_384 < metadata.length; piece++) {
    const part = metadata.subarray(piece * 16_384, (piece + 1) * 16_384)
    peer.sendExtended(UT_METADATA, { msg_type: 1, piece, total_size: metadata.length }, part)
  }
}

function sendText(peer: RawPeer, id: number, text: string): void {
  peer.send(Buffer.concat([Buffer.from([20, id]), Buffer.from(text, 'latin1')]))
}

function flood(peer: RawPeer, bytes: Buffer, times: number): void {
  peer.socket.write(Buffer.concat(Array<Buffer>(times).fill(framed(bytes))))
}

function emptyMetadata(piece: number): Buffer {
  return framed(extended(UT_METADATA, { msg_type: 1, piece, total_size: 10_000_000 }))
}

function sha1(bytes: Uint8Array): string {
  return createHash('sha1').update(bytes).digest('hex')
}
