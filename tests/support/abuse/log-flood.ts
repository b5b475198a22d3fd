import { connect } from 'node:net'
import { HOSTILE_HANDSHAKES, HOSTILE_MESSAGES } from '../hostile-messages.ts'
import { seededRandom } from '../random.ts'
import { connectPeer, handshakeOf } from '../raw-peer.ts'
import {
  type Attack,
  allThrough,
  type Round,
  strangerAddress,
  type Target,
  type TargetFilm,
} from './attack.ts'
import { Sockets } from './sockets.ts'

const KIND = 5
const ADDRESSES = 20
/** In a round. */
const REQUESTS = 300
const BAD_PEERS = 40
const BAD_HANDSHAKES = 40

const HEADERS = Array.from({ length: 120 }, (_, n) => `X-${n}: ${n}\r\n`).join('')
const BAD_REQUESTS = [
  'GET /%ff%fe HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /stream/proxy/none HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /stream/movie/%00.json HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET /stream/proxy/\x1b[2J HTTP/1.1\r\nHost: a\r\n\r\n',
  `GET / HTTP/1.1\r\nHost: a\r\n${HEADERS}\r\n`,
  'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: films.example.org\r\n\r\n',
  'GET /api/torrents HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer a wrong password\r\n\r\n',
  'POST /api/torrents HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{"magnet"',
  'nonsense\r\n\r\n',
  '\x16\x03\x01\x00\xa5\x01\x00\x00',
]

/** Bad requests and bad peers, each of which could be a line in the log. */
export class LogFlood implements Attack {
  readonly #random = seededRandom(1)
  #sockets: Sockets | undefined
  #requests = 0
  #came = 0
  #peers = 0
  #handshakes = 0

  get done() {
    return { requests: this.#requests, peers: this.#peers, handshakes: this.#handshakes }
  }

  async round(round: Round): Promise<void> {
    const { target } = round
    this.#sockets ??= new Sockets(target.url, 100)
    const sockets = this.#sockets
    const requests = Array.from({ length: REQUESTS }, (_, n) => BAD_REQUESTS[n % BAD_REQUESTS.length] ?? '')
    const film = round.films[0]
    await Promise.all([
      allThrough(round, requests, (request, n) => {
        sockets.send(request, strangerAddress(KIND, n % ADDRESSES), true)
        this.#requests++
      }),
      film && allThrough(round, Array(BAD_PEERS).fill(film), () => this.#comeBadly(target, film)),
      film && allThrough(round, Array(BAD_HANDSHAKES).fill(film), () => this.#shakeBadly(target, film)),
    ])
  }

  async #comeBadly({ torrentPort }: Target, { infoHash }: TargetFilm): Promise<void> {
    const id = `-XX0003-${String(++this.#came).padStart(12, '0')}`
    const peer = await connectPeer(torrentPort, infoHash, this.#address(), id, 0).catch(() => undefined)
    if (!peer) return
    this.#peers++
    const messages = Object.values(HOSTILE_MESSAGES)
    for (let said = 0; said < 5; said++) peer.socket.write(this.#random.pick(messages)(this.#random))
    peer.socket.end()
  }

  #shakeBadly({ torrentPort: port }: Target, { infoHash }: TargetFilm): void {
    const socket = connect({ port, host: '127.0.0.1', localAddress: this.#address() })
    socket.on('error', () => undefined).resume()
    socket.end(this.#random.pick(Object.values(HOSTILE_HANDSHAKES))(this.#random, handshakeOf(infoHash)))
    this.#handshakes++
  }

  #address(): string {
    return strangerAddress(KIND, ADDRESSES + this.#random.int(200))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#sockets?.[Symbol.dispose]()
  }
}
