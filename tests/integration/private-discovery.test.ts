import dgram from 'node:dgram'
import { once } from 'node:events'
import bencode from 'bencode'
import { afterEach, beforeEach, expect, test } from 'vitest'
import WebTorrent, { type Torrent } from 'webtorrent'
import { OwnTrackers } from '../../src/engine/child/own-trackers.ts'
import { guardPeerSources } from '../../src/engine/child/peer-sources.ts'
import { keepOutOfDht, makePrivate, OWN_TRACKER } from '../../src/engine/child/privacy.ts'
import { makeTorrent } from '../support/private-torrent.ts'

const LSD = { group: '239.192.152.143', port: 6771 }
const PUBLIC = 'cd'.repeat(20)
/** In practice `private` is a number; anything but 0 counts. */
const PRIVATE = [
  makeTorrent('One', { private: 1 }),
  makeTorrent('Two', { private: 1, source: 'SITE' }),
  makeTorrent('Three', { private: '1' }),
  makeTorrent('Four', { private: -1 }),
]

let node: Awaited<ReturnType<typeof startDhtNode>>
let client: WebTorrent
let privateOnes: Set<string>

beforeEach(async () => {
  node = await startDhtNode()
  privateOnes = new Set()
  client = new WebTorrent({
    dht: { bootstrap: [`127.0.0.1:${node.port}`] },
    lsd: true,
    natUpnp: false,
    natPmp: false,
    tracker: { wrtc: false },
  })
  if (client.dht) keepOutOfDht(client.dht, privateOnes)
})

afterEach(async () => {
  await new Promise((done) => client.destroy(done))
  await node[Symbol.asyncDispose]()
})

/** As the engine does it. */
function add(id: string | Uint8Array, options: object = {}): Torrent {
  const torrent = client.add(id, { deselect: true, ...options })
  guardPeerSources(torrent, new OwnTrackers([]), { waiting: 0 })
  return torrent
}

test('a public torrent is looked up in the DHT and on the local network, private ones never', async () => {
  await using listener = await listenToLocalNetwork()
  for (const { infoHash, file } of PRIVATE) {
    privateOnes.add(infoHash)
    const torrent = add(file, { private: true })
    await once(torrent, 'ready')
    expect(torrent.discovery).toMatchObject({ lsd: null, dht: null })
  }
  const torrent = add(PUBLIC)
  await expect.poll(() => node.asked).toContain(PUBLIC)
  expect(torrent.discovery?.lsd).toBeTruthy()
  if (listener.isHeard) await expect.poll(() => listener.announced).toContain(PUBLIC)
  for (const { infoHash } of PRIVATE) {
    expect([node.asked, listener.announced].flat()).not.toContain(infoHash)
  }
})

test('when a torrent turns out to be private, a running search ends and no other begins', async () => {
  const [{ infoHash } = { infoHash: '' }] = PRIVATE
  node.holdAnswers()
  const torrent = add(infoHash)
  await expect.poll(() => node.asked).toContain(infoHash)
  const { discovery } = torrent
  privateOnes.add(infoHash)
  makePrivate(torrent, [])
  const before = node.asked.filter((asked) => asked === infoHash).length
  expect(discovery).toMatchObject({ lsd: null, dht: null })
  // Without the guard we would now announce to the node that we have it.
  node.giveAnswers()
  discovery?._dhtAnnounce()
  add(PUBLIC)
  await expect.poll(() => node.announced).toContain(PUBLIC)
  expect(node.announced).not.toContain(infoHash)
  expect(node.asked.filter((asked) => asked === infoHash)).toHaveLength(before)
})

test('when a torrent turns out to be private, peers named by others are dropped, connected or not, also when they return', async () => {
  const [{ infoHash } = { infoHash: '' }] = PRIVATE
  const torrent = add(infoHash)
  await expect.poll(() => torrent.discovery).toBeTruthy()
  for (const [index, source] of ['dht', 'tracker', 'ut_pex', 'lsd', OWN_TRACKER].entries()) {
    torrent._addPeer(`203.0.113.${index}:6881`, 'tcp', source)
  }
  expect(torrent._peers.size).toBe(5)
  makePrivate(torrent, [])
  const sources = () => [...torrent._peers.values()].map(({ source }) => source)
  expect(sources()).toEqual([OWN_TRACKER])
  for (const source of ['dht', 'tracker', 'ut_pex', 'lsd']) {
    torrent.addPeer('203.0.113.9:6881', source)
    torrent._addPeer('203.0.113.9:6881', 'tcp', source)
    torrent.discovery?.emit('peer', '203.0.113.9:6881', source)
  }
  expect(sources()).toEqual([OWN_TRACKER])
})

/** A node of the DHT that knows no other node (BEP 5). */
async function startDhtNode() {
  const asked: string[] = []
  const announced: string[] = []
  let held: (() => void)[] | undefined
  const socket = dgram.createSocket('udp4', (datagram, { address, port }) => {
    const { t, q, a } = bencode.decode(datagram) as {
      t: Uint8Array
      q?: Uint8Array
      a: { info_hash?: Uint8Array }
    }
    if (q === undefined) return
    const infoHash = a.info_hash && Buffer.from(a.info_hash).toString('hex')
    if (infoHash !== undefined) {
      const isAnnouncement = Buffer.from(q).toString() === 'announce_peer'
      ;(isAnnouncement ? announced : asked).push(infoHash)
    }
    const r = { id: Buffer.alloc(20, 7), nodes: Buffer.alloc(0), token: 'token' }
    const answer = () => socket.send(bencode.encode({ t, y: 'r', r }), port, address)
    if (held && infoHash !== undefined) held.push(answer)
    else answer()
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    port: socket.address().port,
    asked,
    announced,
    holdAnswers() {
      held = []
    },
    giveAnswers() {
      for (const answer of held ?? []) answer()
      held = undefined
    },
    async [Symbol.asyncDispose]() {
      await new Promise<void>((done) => socket.close(done))
    },
  }
}

/** Receives announcements on the local network (BEP 14), if the system allows it. */
async function listenToLocalNetwork() {
  const announced: string[] = []
  let isHeard = false
  const socket = dgram.createSocket({ type: 'udp4', reuseAddr: true }, (datagram) => {
    isHeard = true
    announced.push(...[...datagram.toString().matchAll(/Infohash: (\w+)/gi)].map(([, hash = '']) => hash))
  })
  socket.bind(LSD.port)
  await once(socket, 'listening')
  try {
    socket.addMembership(LSD.group)
    socket.send('are you there?', LSD.port, LSD.group)
    await expect.poll(() => isHeard, { timeout: 1_000 }).toBe(true)
  } catch {
    // A network without multicast.
  }
  return {
    isHeard,
    announced,
    async [Symbol.asyncDispose]() {
      await new Promise<void>((done) => socket.close(done))
    },
  }
}
