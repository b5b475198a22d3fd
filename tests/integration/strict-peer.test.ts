import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import bencode from 'bencode'
import { expect, test } from 'vitest'
import { apiOf } from '../support/api-client.ts'
import { getRange } from '../support/http-client.ts'
import { expectSameBytes, patternBytes } from '../support/pattern-bytes.ts'
import { framed, handshakeOf, message } from '../support/raw-peer.ts'
import { seedFilm } from '../support/seeded-film.ts'
import { startNamingTracker } from '../support/stuck-peers.ts'
import { hasSeeder } from '../support/swarm.ts'
import { startTestApp } from '../support/test-app.ts'
import { torrentOf } from '../support/torrent-of.ts'

const HANDSHAKE_BYTES = 68
const PIECE_BYTES = 64 * 1024
const [UNCHOKE, INTERESTED, BITFIELD, REQUEST, PIECE, EXTENDED] = [1, 2, 5, 6, 7, 20]
const NO_EXTENSIONS = [0, 0, 0, 0, 0, 0, 0, 0]
const film = patternBytes(5 * PIECE_BYTES + 1_000)

/** A peer as of 2004: it hangs up on messages it does not know, and takes a bitfield as the first message only (BEP 3). */
async function startStrictPeer(infoHash: string): Promise<
  {
    readonly port: number
    /** what each connection said, by the ids of messages */
    readonly connections: readonly (readonly number[])[]
  } & AsyncDisposable
> {
  const connections: number[][] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    const ids: number[] = []
    connections.push(ids)
    sockets.add(socket)
    let held = Buffer.alloc(0)
    let start = HANDSHAKE_BYTES
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket))
    socket.once('data', () => socket.write(handshakeOf(infoHash, NO_EXTENSIONS)))
    socket.on('data', (chunk: Buffer) => {
      held = Buffer.concat([held, chunk])
      while (start + 4 <= held.length && start + 4 + held.readUInt32BE(start) <= held.length) {
        const end = start + 4 + held.readUInt32BE(start)
        obey(socket, held.subarray(start + 4, end), ids)
        start = end
      }
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')

  function obey(socket: Socket, said: Buffer, ids: number[]): void {
    const [id = -1] = said
    ids.push(id)
    if (id === EXTENDED || (id === BITFIELD && ids.length > 1)) return void socket.end()
    if (id === INTERESTED) {
      const all = Buffer.concat([Buffer.of(BITFIELD), Buffer.from([0b1111_1100])])
      socket.write(Buffer.concat([framed(all), framed(message(UNCHOKE))]))
    }
    if (id !== REQUEST) return
    const [piece = 0, offset = 0, length = 0] = [1, 5, 9].map((at) => said.readUInt32BE(at))
    const start = piece * PIECE_BYTES + offset
    socket.write(framed(Buffer.concat([message(PIECE, piece, offset), film.subarray(start, start + length)])))
  }

  return {
    port: (server.address() as AddressInfo).port,
    connections,
    async [Symbol.asyncDispose]() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}

test('a peer that hangs up on extensions is dialled once more without them, and gives the film', async () => {
  const file = torrentOf('Film.mkv', film, PIECE_BYTES)
  const { info } = bencode.decode(file) as { readonly info: object }
  const infoHash = createHash('sha1').update(bencode.encode(info)).digest('hex')
  await using peer = await startStrictPeer(infoHash)
  await using tracker = await startNamingTracker([{ host: '127.0.0.1', port: peer.port }])
  await using app = await startTestApp({ TORRENT_TRACKERS: tracker.url })
  expect((await apiOf(app.url).upload(file)).status).toBe(202)
  expectSameBytes(await getRange(`${app.url}/stream/proxy/${infoHash}`, 0, film.length - 1), film)
  expect(peer.connections).toHaveLength(2)
  const [first, second] = peer.connections
  expect(first?.slice(0, 2)).toEqual([BITFIELD, EXTENDED])
  expect(second?.slice(0, 3)).toEqual([BITFIELD, INTERESTED, REQUEST])
})

test.skipIf(!hasSeeder)('a libtorrent that takes only encrypted connections gives the film', async () => {
  await using seeder = await seedFilm(film, { encrypted: true })
  await using app = await startTestApp(seeder.settings)
  expectSameBytes(await getRange(`${app.url}/stream/proxy/${seeder.infoHash}`, 0, film.length - 1), film)
})
