import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import bencode from 'bencode'

/** A peer that speaks the wire by hand, so that it can say anything. */
export interface RawPeer {
  readonly socket: Socket
  /** Sends a message with its length in front (BEP 3). */
  send(message: Uint8Array): void
  /** Sends an extension message (BEP 10); 0 is the extension handshake. */
  sendExtended(id: number, header: object, payload?: Uint8Array): void
}

/**
 * Shakes hands, as a peer that knows the extension protocol, with whoever listens on a port; tries again until the
 * other side knows the torrent and answers.
 */
export async function connectPeer(port: number, infoHash: string): Promise<RawPeer> {
  const giveUpAt = Date.now() + 10_000
  for (;;) {
    try {
      return await tryConnect(port, infoHash)
    } catch (error) {
      if (Date.now() > giveUpAt) throw error
      await sleep(50)
    }
  }
}

async function tryConnect(port: number, infoHash: string): Promise<RawPeer> {
  const socket = connect(port, '127.0.0.1')
  const closed = new Promise<void>((done) => socket.once('close', () => done()))
  await once(socket, 'connect')
  socket.on('error', () => undefined)
  const reserved = Buffer.from([0, 0, 0, 0, 0, 0x10, 0, 0])
  socket.write(
    Buffer.concat([
      Buffer.from([19]),
      Buffer.from('BitTorrent protocol'),
      reserved,
      Buffer.from(infoHash, 'hex'),
      Buffer.from('-XX0001-hostilepeer1'),
    ]),
  )
  await Promise.race([
    once(socket, 'data'),
    closed.then(() => Promise.reject(new Error('no handshake came back'))),
  ])
  const send = (message: Uint8Array) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(message.length)
    socket.write(Buffer.concat([length, message]))
  }
  return {
    socket,
    send,
    sendExtended: (id, header, payload = new Uint8Array()) =>
      send(Buffer.concat([Buffer.from([20, id]), bencode.encode(header), payload])),
  }
}

/** A port that nobody listens on now. */
export async function freePort(): Promise<number> {
  const { createServer } = await import('node:net')
  const server = createServer().listen(0)
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (typeof address !== 'object' || address === null) throw new Error('no address')
  return address.port
}
