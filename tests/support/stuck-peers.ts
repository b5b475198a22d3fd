import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import bencode from 'bencode'
import { connectPeer, listenAsPeer, message, type RawPeer } from './raw-peer.ts'

const [UNCHOKE, REQUEST, PIECE, HAVE_ALL] = [1, 6, 7, 14]

export interface Address {
  readonly host: string
  readonly port: number
}

/** Peers that claim to have everything, accept requests, and do not answer. */
export interface StuckPeers extends AsyncDisposable {
  /** addresses of the listening peers */
  readonly addresses: readonly Address[]
  /** number of connections so far */
  readonly meetings: () => number
  /** connections that are open now */
  readonly open: () => number
  /**
   * Starts another peer that connects to a server, from an address of its own or not.
   *
   * @param patienceMs - for how long it retries when refused
   */
  readonly come: (port: number, patienceMs?: number) => Promise<RawPeer>
}

export interface StuckOptions {
  readonly infoHash: string
  readonly count: number
  /** whether all share one address */
  readonly from: 'one' | 'many'
  /** number of peers made elsewhere: their addresses and ids are left out */
  readonly after?: number
  /** the film, of which they send one block every so many ms; default: never any */
  readonly drip?: { readonly film: Buffer; readonly pieceLength: number; readonly everyMs: number }
}

export async function startStuckPeers(options: StuckOptions): Promise<StuckPeers> {
  const { infoHash, count, from, after = 0, drip } = options
  await using starting = new AsyncDisposableStack()
  const sockets = new Set<RawPeer>()
  let made = after
  let meetings = 0
  const addressOf = (n: number) => {
    const number = from === 'one' ? after : n
    return `127.0.${1 + (number >> 7)}.${2 + (number & 127)}`
  }
  const idOf = (n: number) => `-XX0001-${String(n).padStart(12, '0')}`

  const meet = (peer: RawPeer) => {
    meetings++
    sockets.add(peer)
    const asked: Buffer[] = []
    peer.hear((said) => {
      if (drip && said[0] === REQUEST) asked.push(Buffer.from(said))
    })
    const timer = setInterval(() => {
      const request = asked.shift()
      if (!drip || !request) return
      const [piece, offset, length] = [1, 5, 9].map((at) => request.readUInt32BE(at)) as [
        number,
        number,
        number,
      ]
      const start = piece * drip.pieceLength + offset
      peer.send(Buffer.concat([message(PIECE, piece, offset), drip.film.subarray(start, start + length)]))
    }, drip?.everyMs ?? 1_000)
    peer.socket.once('close', () => {
      clearInterval(timer)
      sockets.delete(peer)
    })
    peer.send(Buffer.of(HAVE_ALL))
    peer.send(Buffer.of(UNCHOKE))
  }

  const addresses: Address[] = []
  for (; made < after + count; made++) {
    const host = addressOf(made)
    const { port } = starting.use(await listenAsPeer(infoHash, meet, host, idOf(made)))
    addresses.push({ host, port })
  }
  starting.defer(() => {
    for (const { socket } of sockets) socket.destroy()
  })
  const parts = starting.move()
  return {
    addresses,
    meetings: () => meetings,
    open: () => sockets.size,
    async come(port, patienceMs) {
      const n = made++
      const peer = await connectPeer(port, infoHash, addressOf(n), idOf(n), patienceMs)
      meet(peer)
      return peer
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  }
}

/**
 * A tracker that names the same peers to every client, in this order (BEP 23).
 *
 * @param peers - of every torrent, or by the hex digits of its info hash
 * @param whenReady - it answers no request before; a function is called for each request
 */
export async function startNamingTracker(
  peers: readonly Address[] | ((infoHash: string) => readonly Address[]),
  whenReady: Promise<void> | (() => Promise<void>) = Promise.resolve(),
): Promise<{ readonly url: string } & AsyncDisposable> {
  const server = createServer(async ({ url = '' }, res) => {
    await (typeof whenReady === 'function' ? whenReady() : whenReady)
    const named = typeof peers === 'function' ? peers(infoHashIn(url)) : peers
    const compact = named.map(({ host, port }) =>
      Buffer.from([...host.split('.').map(Number), port >> 8, port & 255]),
    )
    res.end(bencode.encode({ interval: 60, peers: Buffer.concat(compact) }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/announce`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise<void>((done) => server.close(() => done()))
    },
  }
}

/** Read from an announce, where the bytes of the info hash are percent-encoded (BEP 3). */
function infoHashIn(url: string): string {
  const [, text = ''] = /[?&]info_hash=([^&]*)/.exec(url) ?? []
  const bytes = text.replace(/%([\da-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return Buffer.from(bytes, 'latin1').toString('hex')
}
