import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import bencode from 'bencode'

const HANDSHAKE_BYTES = 68
/** The extension protocol (BEP 10) and the fast extension (BEP 6). */
const RESERVED: readonly number[] = [0, 0, 0, 0, 0, 0x10, 0, 0x04]
const PEER_ID = '-XX0001-hostilepeer1'

/** A peer that writes messages by hand, so that it can send anything. */
export interface RawPeer {
  readonly socket: Socket
  /** Sends a message with its length prefix (BEP 3). */
  send(message: Uint8Array): void
  /** Sends an extension message (BEP 10); 0 is the extension handshake. */
  sendExtended(id: number, header: object, payload?: Uint8Array): void
  /** Calls back with the other side's messages, from the first one on. */
  hear(listener: (message: Buffer) => void): void
}

/**
 * Shakes hands with a listening peer, supporting the extension protocol and the fast extension; retries until the other
 * side knows the torrent and answers.
 *
 * @param from - the address it comes from, one of this machine
 * @param patienceMs - 0 to try once
 */
export async function connectPeer(
  port: number,
  infoHash: string,
  from = '127.0.0.1',
  peerId = PEER_ID,
  patienceMs = 40_000,
): Promise<RawPeer> {
  const giveUpAt = Date.now() + patienceMs
  for (;;) {
    try {
      return await tryConnect(port, infoHash, from, peerId)
    } catch (error) {
      if (Date.now() >= giveUpAt) throw error
      await sleep(50)
    }
  }
}

async function tryConnect(port: number, infoHash: string, from: string, peerId: string): Promise<RawPeer> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: from })
  const { peer, shaken } = rawPeer(socket)
  const closed = new Promise<void>((done) => socket.once('close', () => done()))
  socket.write(handshakeOf(infoHash, RESERVED, peerId))
  await Promise.race([shaken, closed.then(() => Promise.reject(new Error('no handshake came back')))])
  return peer
}

/**
 * A listening peer: whoever connects is answered with a handshake and passed to `meet`.
 *
 * @param host - the address it listens on, one of this machine
 */
export async function listenAsPeer(
  infoHash: string,
  meet: (peer: RawPeer) => void,
  host = '127.0.0.1',
  peerId = PEER_ID,
): Promise<{ readonly port: number } & AsyncDisposable> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    const { peer, shaken } = rawPeer(socket)
    void shaken.then(() => {
      socket.write(handshakeOf(infoHash, RESERVED, peerId))
      meet(peer)
    })
  }).listen(0, host)
  await once(server, 'listening')
  return {
    port: portOf(server.address()),
    async [Symbol.asyncDispose]() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}

/** Reads from the start, so that nothing is lost between the handshake and the first listener. */
function rawPeer(socket: Socket): { readonly peer: RawPeer; readonly shaken: Promise<void> } {
  const shaken = Promise.withResolvers<void>()
  const unheard: Buffer[] = []
  let tell = (said: Buffer): void => void unheard.push(said)
  let rest = Buffer.alloc(0)
  let isShaken = false
  socket.on('error', () => undefined)
  socket.on('data', (bytes) => {
    rest = Buffer.concat([rest, bytes])
    if (!isShaken && rest.length >= HANDSHAKE_BYTES) {
      isShaken = true
      rest = rest.subarray(HANDSHAKE_BYTES)
      shaken.resolve()
    }
    while (isShaken && rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
      const said = rest.subarray(4, 4 + rest.readUInt32BE(0))
      rest = rest.subarray(4 + said.length)
      tell(said)
    }
  })
  const send = (said: Uint8Array) => socket.write(framed(said))
  const peer: RawPeer = {
    socket,
    send,
    sendExtended: (id, header, payload) => send(extended(id, header, payload)),
    hear(listener) {
      tell = listener
      for (const said of unheard.splice(0)) listener(said)
    },
  }
  return { peer, shaken: shaken.promise }
}

export function handshakeOf(
  infoHash: string,
  reserved: readonly number[] = RESERVED,
  peerId = PEER_ID,
): Buffer {
  const handshake = Buffer.concat([
    Buffer.from([19]),
    Buffer.from('BitTorrent protocol'),
    Buffer.from(reserved),
    Buffer.from(infoHash, 'hex'),
    Buffer.from(peerId),
  ])
  if (handshake.length !== HANDSHAKE_BYTES) throw new Error('that is no handshake')
  return handshake
}

/** A message with its length prefix. */
export function framed(message: Uint8Array): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(message.length)
  return Buffer.concat([length, message])
}

export function extended(id: number, header: object, payload: Uint8Array = new Uint8Array()): Buffer {
  return Buffer.concat([Buffer.from([20, id]), bencode.encode(header), payload])
}

/** A message with an id and big-endian numbers of four bytes, as most are. */
export function message(id: number, ...numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(1 + 4 * numbers.length)
  bytes[0] = id
  for (const [index, number] of numbers.entries()) bytes.writeUInt32BE(number >>> 0, 1 + 4 * index)
  return bytes
}

/**
 * A port with no listener, outside the range that the system hands out: other tests open many ports before it is used.
 */
export async function freePort(): Promise<number> {
  const server = createServer()
  try {
    server.listen(10_000 + randomInt(20_000))
    await once(server, 'listening')
    return portOf(server.address())
  } catch {
    return freePort()
  } finally {
    if (server.listening) await new Promise((done) => server.close(done))
  }
}

function portOf(address: ReturnType<ReturnType<typeof createServer>['address']>): number {
  if (typeof address !== 'object' || address === null) throw new Error('no address')
  return address.port
}
