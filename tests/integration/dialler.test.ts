import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type Wire from 'bittorrent-protocol'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import WebTorrent, { type Torrent } from 'webtorrent'
import { Dialler } from '../../src/engine/child/dialler/dialler.ts'
import type { ConnectedPeer } from '../../src/engine/child/dialler/least-useful.ts'
import type { TorrentDials } from '../../src/engine/child/dialler/torrent-dials.ts'
import { ALONE } from '../support/alone.ts'
import { startCrowd } from '../support/crowd/crowd.ts'
import { handshakeOf } from '../support/raw-peer.ts'
import { hasSeeder } from '../support/swarm.ts'

const INFO_HASH = 'ab'.repeat(20)
const MAX_PEERS = 4

let resources: AsyncDisposableStack
let torrent: Torrent
let dials: TorrentDials
let needsPeers: boolean
let peers: (ConnectedPeer & { readonly wire: Wire })[]

beforeEach(() => {
  resources = new AsyncDisposableStack()
  needsPeers = true
  peers = []
  const client = new WebTorrent(ALONE)
  resources.defer(() => new Promise<void>((done) => client.destroy(() => done())))
  torrent = client.add(INFO_HASH, { deselect: true })
  torrent.setMaxListeners(0)
  const dialler = resources.use(
    new Dialler({ maxPeers: MAX_PEERS, encryption: 'auto', utp: false, dialsPerSecond: 50 }),
  )
  dials = dialler.join(torrent, { needsPeers: () => needsPeers, peers: () => peers })
  torrent.on('wire', (wire: Wire) => {
    if (!dials.admit(wire, performance.now())) wire.destroy()
    else peers.push({ wire, ...USEFUL })
  })
})
afterEach(() => resources.disposeAsync())

const USEFUL = {
  joinedAt: performance.now(),
  hasPieces: true,
  isChoking: false,
  chokingChangedAt: performance.now(),
  rate: 1_000_000,
  isAsked: true,
}

/** Listens on this machine; returns the sockets and the number of connections. */
async function listen(meet: (socket: Socket) => void): Promise<{
  readonly address: string
  readonly sockets: Set<Socket>
  readonly meetings: () => number
}> {
  const sockets = new Set<Socket>()
  let meetings = 0
  const server: Server = createServer((socket) => {
    meetings++
    sockets.add(socket)
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    meet(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  resources.defer(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, sockets, meetings: () => meetings }
}

let made = 0
/** Answers every handshake with its own. */
const greet = (socket: Socket) =>
  socket.once('data', () => {
    socket.write(handshakeOf(INFO_HASH, undefined, `-XX0003-${String(made++).padStart(12, '0')}`))
  })

test('a peer is dialled as soon as it is named, and its dial ends with the handshake', async () => {
  const peer = await listen(greet)
  torrent.addPeer(peer.address)
  await expect.poll(() => torrent.wires.length).toBe(1)
  expect([dials.dials, dials.waiting]).toEqual([0, 0])
  expect(peer.sockets.size).toBe(1)
})

test('silent peers take no places from others, and are dropped while others wait', async () => {
  const mute = await Promise.all(Array.from({ length: 130 }, () => listen(() => undefined)))
  for (const { address } of mute) torrent.addPeer(address)
  await expect.poll(() => dials.dials).toBeGreaterThan(50)
  const good = await listen(greet)
  torrent.addPeer(good.address)
  await expect.poll(() => torrent.wires.length).toBe(1)
  await expect.poll(() => mute.filter(({ meetings }) => meetings() > 0).length).toBe(mute.length)
})

test('a peer that hangs up on a plain handshake is dialled once more with encryption', async () => {
  const firstBytes: number[] = []
  const peer = await listen((socket) => {
    socket.once('data', (chunk: Buffer) => {
      firstBytes.push(chunk[0] ?? 0, chunk.length)
      if (chunk.toString('latin1', 1, 20) === 'BitTorrent protocol') socket.destroy()
    })
  })
  torrent.addPeer(peer.address)
  await expect.poll(() => firstBytes.length).toBe(4)
  // The first is a plain handshake, and what else is said in the same write.
  expect(firstBytes[0]).toBe(19)
  expect(firstBytes[1]).toBeGreaterThan(68)
  // The second begins with a public key of 96 bytes, and padding (message stream encryption).
  expect(firstBytes[3]).toBeGreaterThanOrEqual(96)
  expect(firstBytes[3]).not.toBe(68)
})

test('a torrent that needs peers has three times as many, and one that does not dials no more', async () => {
  const many = await Promise.all(Array.from({ length: 5 * MAX_PEERS }, () => listen(greet)))
  for (const { address } of many) torrent.addPeer(address)
  await expect.poll(() => torrent.wires.length).toBe(3 * MAX_PEERS)
  needsPeers = false
  await expect.poll(() => dials.places).toBe(MAX_PEERS)
  const late = await listen(greet)
  torrent.addPeer(late.address)
  expect([dials.waiting, dials.hasCandidate]).toEqual([1, false])
  // webtorrent would close connections to peers that choke us.
  expect(Reflect.get(torrent, '_numQueued')).toBe(0)
  needsPeers = true
  for (const wire of [...torrent.wires]) wire.destroy()
  await expect.poll(() => late.meetings()).toBe(1)
})

test('when all places are taken and peers wait, a peer without pieces loses its place', async () => {
  needsPeers = false
  const first = await Promise.all(Array.from({ length: MAX_PEERS }, () => listen(greet)))
  for (const { address } of first) torrent.addPeer(address)
  await expect.poll(() => torrent.wires.length).toBe(MAX_PEERS)
  const [empty] = peers
  if (empty) peers[0] = { ...empty, hasPieces: false, joinedAt: performance.now() - 60_000 }
  const next = await listen(greet)
  torrent.addPeer(next.address)
  await expect.poll(() => next.sockets.size).toBe(1)
  expect(empty?.wire.destroyed).toBe(true)
  expect(torrent.wires.length).toBe(MAX_PEERS)
})

test('a peer that closes the connection is dialled again, but not at once', async () => {
  const peer = await listen((socket) => {
    greet(socket)
    setTimeout(() => socket.destroy(), 100)
  })
  torrent.addPeer(peer.address)
  await expect.poll(() => peer.meetings()).toBe(1)
  await expect.poll(() => torrent.wires.length).toBe(0)
  expect(dials.hasCandidate).toBe(false)
  const { now } = performance
  vi.spyOn(performance, 'now').mockImplementation(() => now.call(performance) + 10_000)
  onTestFinished(() => void vi.restoreAllMocks())
  await expect.poll(() => peer.meetings()).toBeGreaterThan(1)
})

test('a destroyed torrent dials no more', async () => {
  const peer = await listen(greet)
  const later = await listen(greet)
  torrent.addPeer(peer.address)
  await expect.poll(() => torrent.wires.length).toBe(1)
  torrent.destroy()
  dials.add(later.address)
  await expect.poll(() => peer.sockets.size).toBe(0)
  expect(later.meetings()).toBe(0)
})

test.skipIf(!hasSeeder)(
  'addresses that drop the SYN are given up after two seconds while others wait',
  async () => {
    await using crowd = await startCrowd({
      infoHash: INFO_HASH,
      silent: 150,
      refusing: 20,
      mute: 0,
      empty: 0,
      choking: 0,
    })
    for (const port of crowd.ports) torrent.addPeer(`127.0.0.1:${port}`)
    await expect.poll(() => dials.dials).toBeGreaterThan(50)
    const waiting = dials.waiting
    expect(waiting).toBeGreaterThan(20)
    await expect.poll(() => dials.waiting).toBeLessThan(waiting)
    const good = await listen(greet)
    torrent.addPeer(good.address)
    await expect.poll(() => torrent.wires.length).toBe(1)
  },
)
