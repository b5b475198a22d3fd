import { type Attack, allThrough, type Round, strangerAddress, unknownHash } from './attack.ts'
import { Sockets } from './sockets.ts'

const KIND = 3
const ADDRESSES = 12
/** In a round. */
const UNKNOWN = 24
const IDLE_ON_DISK = 40
const IDLE_IN_SWARM = 4
const SLOW = 150
/** More than the server has places for. */
const MOST_OPEN = 2_500

/** Clients that read nothing, clients that want what does not exist, and requests that never end. */
export class IdleReaders implements Attack {
  #sockets: Sockets | undefined
  #opened = 0
  #mostOpen = 0

  get done() {
    return { opened: this.#opened, mostOpen: this.#mostOpen }
  }

  async round(round: Round): Promise<void> {
    const { number, target, films } = round
    this.#sockets ??= new Sockets(target.url, MOST_OPEN)
    const sockets = this.#sockets
    const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`
    const film = (n: number) => {
      const { infoHash = target.wholeFilm, length = 1 } = films[n % Math.max(1, films.length)] ?? {}
      const start = Math.floor((length * ((number * 7 + n * 3) % 10)) / 10)
      return get(`/stream/proxy/${infoHash}`, `Range: bytes=${start}-\r\n`)
    }
    const requests = [
      // From two addresses, for more torrents than there are places.
      ...Array.from({ length: UNKNOWN }, (_, n) => {
        const unknown = unknownHash(KIND, number * UNKNOWN + n)
        return { bytes: get(`/stream/proxy/${unknown}`), address: n % 2, isRead: true }
      }),
      ...[
        ...Array.from({ length: IDLE_ON_DISK }, () => get(`/stream/proxy/${target.wholeFilm}`)),
        ...Array.from({ length: IDLE_IN_SWARM }, (_, n) => film(n)),
      ].map((bytes, n) => ({ bytes, address: n % ADDRESSES, isRead: false })),
      ...Array.from({ length: SLOW }, (_, n) => {
        return { bytes: 'GET / HTTP/1.1\r\nHo', address: n % ADDRESSES, isRead: true }
      }),
    ]
    await allThrough(round, mixed(requests), ({ bytes, address, isRead }) => {
      sockets.send(bytes, strangerAddress(KIND, address), isRead)
      this.#opened++
    })
    this.#mostOpen = Math.max(this.#mostOpen, sockets.count)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#sockets?.[Symbol.dispose]()
  }
}

/** The same items, ordered so that those of one kind are not adjacent. */
function mixed<T>(things: readonly T[]): T[] {
  const step = Math.ceil(Math.sqrt(things.length))
  return Array.from({ length: step }, (_, from) => things.filter((_, n) => n % step === from)).flat()
}
