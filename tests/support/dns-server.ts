import dgram from 'node:dgram'
import { once } from 'node:events'

/** A DNS server on this machine that answers for some names and is silent about all others (RFC 1035 §4.1). */
export interface DnsServer extends AsyncDisposable {
  /** `127.0.0.1:…` */
  readonly address: string
  /** the queried names, in order, one entry per query */
  readonly asked: readonly string[]
}

const TYPE_A = 1

/** @param known - IPv4 addresses by name; `null` = the name does not exist */
export async function startDnsServer(
  known: Readonly<Record<string, string | null>> = {},
): Promise<DnsServer> {
  const asked: string[] = []
  const socket = dgram.createSocket('udp4')
  socket.on('message', (query, from) => {
    const { name, type, end } = questionOf(query)
    asked.push(name)
    const address = known[name]
    if (address === undefined) return
    const isThere = address !== null && type === TYPE_A
    const header = Buffer.from(query.subarray(0, 12))
    // A response, recursion available; 3 = no such name.
    header.writeUInt16BE(0x8180 | (address === null ? 3 : 0), 2)
    header.writeUInt16BE(isThere ? 1 : 0, 6)
    header.fill(0, 8)
    const answer = isThere
      ? // The name is a pointer to the question; class IN, for 60 s, 4 bytes.
        Buffer.from([0xc0, 12, 0, TYPE_A, 0, 1, 0, 0, 0, 60, 0, 4, ...address.split('.').map(Number)])
      : Buffer.alloc(0)
    socket.send(Buffer.concat([header, query.subarray(12, end), answer]), from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    async [Symbol.asyncDispose]() {
      socket.close()
    },
  }
}

function questionOf(query: Buffer): { readonly name: string; readonly type: number; readonly end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 }
}
