import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import bencode from 'bencode'
import Wire from 'bittorrent-protocol'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import WebTorrent, { type Torrent } from 'webtorrent'
import { Dialler } from '../../src/engine/child/dialler/dialler.ts'
import { extensionsOf } from '../../src/engine/child/dialler/greeting.ts'
import { dropPieceObjects } from '../../src/engine/child/drop-piece-objects.ts'
import { keepMetadata } from '../../src/engine/child/metadata-as-found.ts'
import { ALONE } from '../support/alone.ts'
import { framed, handshakeOf, message } from '../support/raw-peer.ts'

const HANDSHAKE_BYTES = 68
const [UNCHOKE, INTERESTED, NOT_INTERESTED, HAVE, BITFIELD, HAVE_ALL, HAVE_NONE] = [1, 2, 3, 4, 5, 14, 15]
const NAMES: Readonly<Record<number, string>> = {
  [INTERESTED]: 'interested',
  [NOT_INTERESTED]: 'not interested',
  [BITFIELD]: 'bitfield',
  [HAVE_ALL]: 'have all',
  [HAVE_NONE]: 'have none',
  20: 'extended',
}
const UNKNOWN = 'ab'.repeat(20)
const PIECES = 20
const INFO = {
  name: 'Film.mkv',
  length: PIECES * 16_384,
  'piece length': 16_384,
  pieces: Buffer.alloc(PIECES * 20),
}
/** Bits of the reserved bytes (BEP 10, BEP 6). */
const NONE = [0, 0, 0, 0, 0, 0, 0, 0]
const FAST = [0, 0, 0, 0, 0, 0, 0, 4]
const EXTENDED = [0, 0, 0, 0, 0, 0x10, 0, 0]
const BOTH = [0, 0, 0, 0, 0, 0x10, 0, 4]

let resources: AsyncDisposableStack
let client: WebTorrent
beforeEach(() => {
  resources = new AsyncDisposableStack()
  client = new WebTorrent(ALONE)
  resources.defer(() => new Promise<void>((done) => client.destroy(() => done())))
})
afterEach(() => resources.disposeAsync())

/** A torrent of which nothing is known. */
function unknownTorrent(): Torrent {
  return client.add(UNKNOWN, { deselect: true })
}

/** @param claimed - pieces that it has */
async function knownTorrent(claimed: readonly number[], isPrivate = false): Promise<Torrent> {
  const bits = new Uint8Array(Math.ceil(PIECES / 8))
  for (const piece of claimed) bits[piece >> 3] = (bits[piece >> 3] ?? 0) | (0x80 >> (piece & 7))
  const info = isPrivate ? { ...INFO, private: 1 } : INFO
  const torrent = client.add(bencode.encode({ info }), { store: Store, bitfield: bits, deselect: true })
  keepMetadata(torrent, () => bencode.encode(info))
  dropPieceObjects(torrent)
  await once(torrent, 'ready')
  return torrent
}

class Store {
  readonly chunkLength = 16_384
  put(_piece: number, _bytes: Uint8Array, done: () => void): void {
    done()
  }
  get(_piece: number, _options: unknown, done: (error: Error) => void): void {
    done(new Error('not there'))
  }
  close(done: () => void): void {
    done()
  }
}

/** What a listening peer has read of one connection. */
interface Visit {
  readonly socket: Socket
  readonly chunks: readonly Buffer[]
  /** what came after the handshake, in words */
  said(): string[]
  /** messages after the handshake */
  messages(): Buffer[]
}

/** Has a torrent dial a listening peer that says nothing by itself; resolves when the first bytes have come. */
async function visitOf(torrent: Torrent): Promise<Visit> {
  const visit = Promise.withResolvers<Visit>()
  const server = createServer((socket) => {
    const chunks: Buffer[] = []
    const messages = () => messagesIn(Buffer.concat(chunks).subarray(HANDSHAKE_BYTES))
    const said = () => messages().map(wordsOf)
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      visit.resolve({ socket, chunks, messages, said })
    })
    resources.defer(() => void socket.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  resources.defer(() => void server.close())
  const dialler = resources.use(
    new Dialler({ maxPeers: 4, encryption: 'never', utp: false, dialsPerSecond: 50 }),
  )
  dialler.join(torrent, { needsPeers: () => true, peers: () => [] })
  // As the fetcher does.
  torrent.on('wire', (wire: Wire) => queueMicrotask(() => queueMicrotask(() => wire.interested())))
  torrent.addPeer(`127.0.0.1:${(server.address() as AddressInfo).port}`)
  return visit.promise
}

/** A listening peer with encryption, which says nothing by itself after the keys. */
async function encryptedPeer(
  infoHash: string,
): Promise<{ readonly address: string; readonly met: Promise<{ readonly wire: Wire; chunks(): number }> }> {
  const met = Promise.withResolvers<{ readonly wire: Wire; chunks(): number }>()
  const server = createServer((socket) => {
    let chunks = 0
    const wire = new Wire('tcpIncoming', 2)
    wire.once('crypto-infohash', () => wire.setInfoHash(infoHash))
    socket.on('error', () => undefined).on('data', () => chunks++)
    socket.pipe(wire).pipe(socket)
    resources.defer(() => void socket.destroy())
    met.resolve({ wire, chunks: () => chunks })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  resources.defer(() => void server.close())
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, met: met.promise }
}

function infoHashOf(metainfo: Uint8Array): string {
  const { info } = bencode.decode(metainfo) as { readonly info: object }
  return createHash('sha1').update(bencode.encode(info)).digest('hex')
}

function messagesIn(bytes: Buffer): Buffer[] {
  const messages: Buffer[] = []
  for (let at = 0; at + 4 <= bytes.length; ) {
    const end = at + 4 + bytes.readUInt32BE(at)
    if (end > bytes.length) break
    messages.push(bytes.subarray(at + 4, end))
    at = end
  }
  return messages
}

function wordsOf(said: Buffer): string {
  const id = said[0] ?? -1
  if (id === HAVE) return `have ${said.readUInt32BE(1)}`
  if (id === BITFIELD) return `bitfield ${said.subarray(1).toString('hex')}`
  return NAMES[id] ?? `message ${id}`
}

function extendedHandshakeIn(visit: Visit): { readonly m: object; readonly metadata_size?: number } {
  const [said] = visit.messages().filter(([id, extension]) => id === 20 && extension === 0)
  return bencode.decode(said?.subarray(2) ?? Buffer.alloc(0)) as { readonly m: object }
}

/** Answers the handshake, and resolves when everything that was sent before has been read. */
async function answer(
  { socket }: Visit,
  torrent: Torrent,
  reserved: readonly number[],
  peerId = '-XX0001-hostilepeer1',
): Promise<void> {
  const shaken = once(torrent, 'wire')
  socket.write(handshakeOf(torrent.infoHash, reserved, peerId))
  const [wire] = (await shaken) as [Wire]
  const read = once(wire, 'unchoke')
  socket.write(framed(message(UNCHOKE)))
  await read
}

describe('the first bytes of a connection, before the peer has sent its handshake,', () => {
  test('are the handshake, the extended handshake and `interested`', async () => {
    const torrent = unknownTorrent()
    const visit = await visitOf(torrent)
    const [first = Buffer.alloc(0)] = visit.chunks
    expect(first.subarray(0, HANDSHAKE_BYTES).toString('hex')).toMatch(
      new RegExp(`^13${Buffer.from('BitTorrent protocol').toString('hex')}0{10}1.{5}${torrent.infoHash}`),
    )
    expect(messagesIn(first.subarray(HANDSHAKE_BYTES)).map(wordsOf)).toEqual(['extended', 'interested'])
    expect(extendedHandshakeIn(visit)).toEqual({ m: { ut_metadata: 1, ut_pex: 2, lt_donthave: 3 } })
    expect(torrent.wires).toEqual([])
  })

  test('are those and the bitfield, right after the handshake, once the metadata is known', async () => {
    const torrent = await knownTorrent([0, 9])
    const visit = await visitOf(torrent)
    const [first = Buffer.alloc(0)] = visit.chunks
    expect(messagesIn(first.subarray(HANDSHAKE_BYTES)).map(wordsOf)).toEqual([
      'bitfield 804000',
      'extended',
      'interested',
    ])
    const size = bencode.encode(INFO).length
    expect(extendedHandshakeIn(visit)).toEqual({
      m: { ut_metadata: 1, ut_pex: 2, lt_donthave: 3 },
      metadata_size: size,
    })
  })

  test('name no peer exchange for a private torrent', async () => {
    const visit = await visitOf(await knownTorrent([], true))
    expect(extendedHandshakeIn(visit).m).toEqual({ ut_metadata: 1, lt_donthave: 2 })
  })
})

describe('nothing is said twice', () => {
  test.for([
    ['no extension', NONE],
    ['the fast extension', FAST],
    ['the extension protocol', EXTENDED],
    ['both', BOTH],
  ] as const)('to a peer with %s, when it answers', async ([, reserved]) => {
    const torrent = await knownTorrent([0, 9])
    const visit = await visitOf(torrent)
    await answer(visit, torrent, reserved)
    torrent.wires[0]?.have(3)
    await expect.poll(() => visit.said()).toEqual(['bitfield 804000', 'extended', 'interested', 'have 3'])
  })

  test('about pieces, but those that came between the two handshakes are announced', async () => {
    const torrent = await knownTorrent([0, 9])
    const visit = await visitOf(torrent)
    torrent._markVerified(5)
    await answer(visit, torrent, BOTH)
    await expect.poll(() => visit.said()).toEqual(['bitfield 804000', 'extended', 'interested', 'have 5'])
  })

  test.for([
    ['without the fast extension, pieces are not announced', EXTENDED, []],
    ['with the fast extension, pieces are announced', FAST, ['have none']],
  ] as const)('to a peer %s when the metadata comes later', async ([, reserved, later]) => {
    const bytes = bencode.encode({ info: INFO })
    const torrent = client.add(infoHashOf(bytes), { store: Store, deselect: true })
    dropPieceObjects(torrent)
    const visit = await visitOf(torrent)
    await answer(visit, torrent, reserved)
    const ready = once(torrent, 'ready')
    await torrent._onMetadata(bytes)
    await ready
    torrent.wires[0]?.have(3)
    await expect.poll(() => visit.said()).toEqual(['extended', 'interested', ...later, 'have 3'])
  })
})

test('a peer keeps our interest until it says what it has, and loses it then if that is nothing', async () => {
  const torrent = await knownTorrent([0])
  const visit = await visitOf(torrent)
  await answer(visit, torrent, BOTH)
  torrent.wires[0]?.have(3)
  const before = ['bitfield 800000', 'extended', 'interested', 'have 3']
  await expect.poll(() => visit.said()).toEqual(before)
  visit.socket.write(framed(Buffer.of(BITFIELD, 0, 0, 0)))
  await expect.poll(() => visit.said()).toEqual([...before, 'not interested'])
  visit.socket.write(framed(message(HAVE, 7)))
  await expect.poll(() => visit.said()).toEqual([...before, 'not interested', 'interested'])
})

test('webtorrent, which loses what comes with the handshake, is told again', async () => {
  const torrent = unknownTorrent()
  const visit = await visitOf(torrent)
  await answer(visit, torrent, BOTH, '-WW0300-xxxxxxxxxxxx')
  await expect.poll(() => visit.said()).toEqual(['extended', 'interested', 'extended', 'interested'])
  const [one, other] = visit.messages().filter(([id]) => id === 20)
  expect(other).toEqual(one)
})

test('an extension is known by the number that was said, though the torrent has become private', async () => {
  const torrent = unknownTorrent()
  const visit = await visitOf(torrent)
  torrent.private = true
  await answer(visit, torrent, BOTH)
  expect(torrent.wires[0]?.extendedMapping).toEqual({ 1: 'ut_metadata', 2: 'ut_pex', 3: 'lt_donthave' })
})

test('an encrypted connection is greeted in one write, too, after the keys', async () => {
  const torrent = unknownTorrent()
  const receiver = await encryptedPeer(UNKNOWN)
  const dialler = resources.use(
    new Dialler({ maxPeers: 4, encryption: 'prefer', utp: false, dialsPerSecond: 50 }),
  )
  dialler.join(torrent, { needsPeers: () => true, peers: () => [] })
  torrent.addPeer(receiver.address)
  const { wire, chunks } = await receiver.met
  const heard: string[] = []
  wire.on('interested', () => heard.push('interested'))
  wire.on('extended', (name: unknown) => heard.push(`extended ${name}`))
  // Its own handshake has not been sent.
  await expect.poll(() => heard).toEqual(['extended handshake', 'interested'])
  expect(torrent.wires).toEqual([])
  expect(Reflect.get(wire, '_encryptionMethod')).toBe(2)
  // Key and padding, the answer to the other key, and everything else.
  expect(chunks()).toBe(3)
})

test.for([false, true])(
  'webtorrent numbers its extensions in that order (private: %s)',
  async (isPrivate) => {
    const torrent = await knownTorrent([], isPrivate)
    const wire = new Wire('tcpOutgoing')
    torrent._onWire(wire)
    expect(wire.extendedMapping).toEqual(extensionsOf(torrent))
    expect(Object.keys(wire.extendedMapping)).toHaveLength(isPrivate ? 2 : 3)
    wire.destroy()
  },
)
