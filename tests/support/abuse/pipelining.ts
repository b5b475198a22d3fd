import { type Attack, allThrough, type Round, strangerAddress, unknownHash } from './attack.ts'
import { Sockets } from './sockets.ts'

const KIND = 1
const MIB = 1024 * 1024
/** In a round; half of them read the answers. */
const CONNECTIONS = 4
/** Requests on each connection. */
const BYTES = 5 * MIB
const PART = MIB / 16

/** Connections that send megabytes of requests after one that waits for a film that does not exist. */
export class Pipelining implements Attack {
  #sockets: Sockets | undefined
  #connections = 0
  #takenMiB = 0

  get done() {
    return { connections: this.#connections, takenMiB: Math.round(this.#takenMiB) }
  }

  async round(round: Round): Promise<void> {
    const { number, target } = round
    this.#sockets ??= new Sockets(target.url, 2 * CONNECTIONS)
    const sockets = this.#sockets
    const connections = Array.from({ length: CONNECTIONS }, (_, n) => number * CONNECTIONS + n)
    await allThrough(round, connections, (connection, n) => {
      const request = `GET /stream/proxy/${unknownHash(KIND, connection)} HTTP/1.1\r\nHost: a\r\n\r\n`
      const part = request.repeat(Math.ceil(PART / request.length))
      const socket = sockets.send(request, strangerAddress(KIND), n % 2 === 0)
      this.#connections++
      let left = BYTES
      const sendMore = () => {
        if (left <= 0 || socket.destroyed) return
        left -= part.length
        socket.write(part, (error) => {
          if (error) return
          this.#takenMiB += part.length / MIB
          sendMore()
        })
      }
      sendMore()
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#sockets?.[Symbol.dispose]()
  }
}
