import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import bencode from 'bencode'

/** A peer that speaks the wire by hand, so that it can say anything. */
export interface RawPeer {
  readonly socket: Socket
  /** Sends a message with its length in front (BEP 3). */
  send(message: Uint8Array): void
  /** Sends an extension message (BEP 10); 0 is the extension handshake. */
  sendExtended(id: number, header: object, payload?: Uint8Array): void
  /** Resolves when the other side has closed the connection. */
  closed(): Promise<void>
}

/** Connects and shakes hands, as a peer that knows the extension protocol. */
export async function connectPeer(port: number, infoHash: string): Promise<RawPeer> {
  const socket = connect(port, '127.0.0.1')
  const closed = new Promise<void>((done) => socket.once('close', () => done()))
  await once(socket, 'connect')
  socket.on('error', () => undefined).resume()
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
    closed: () => closed,
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

/** Whether somebody takes connections on a port. */
export async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
