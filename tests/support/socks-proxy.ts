import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A SOCKS5 proxy (RFC 1928) without authentication that stores the addresses it was asked to connect to. */
export interface SocksProxy extends AsyncDisposable {
  readonly url: string
  /** `host:port` */
  readonly asked: readonly string[]
}

const NO_AUTHENTICATION = Buffer.from([5, 0])
const CONNECTED = Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0])
const BY_ADDRESS = 1

export async function startSocksProxy(): Promise<SocksProxy> {
  const asked: string[] = []
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    sockets.add(client)
    client.on('error', () => client.destroy())
    client.once('data', () => {
      client.write(NO_AUTHENTICATION)
      client.once('data', (wanted: Buffer) => {
        const { host, port } = targetOf(wanted)
        asked.push(`${host}:${port}`)
        const target = connect(port, host, () => client.write(CONNECTED))
        target.on('error', () => client.destroy())
        client.pipe(target).pipe(client)
      })
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `socks5://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function targetOf(request: Buffer): { host: string; port: number } {
  const isAddress = request[3] === BY_ADDRESS
  const end = isAddress ? 8 : 5 + (request[4] ?? 0)
  const host = isAddress ? request.subarray(4, end).join('.') : request.subarray(5, end).toString()
  return { host, port: request.readUInt16BE(end) }
}
