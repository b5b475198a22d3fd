import { type DnsServer, startDnsServer } from '../dns-server.ts'
import { type Attack, allThrough, type Round, strangerAddress, unknownHash } from './attack.ts'
import { Sockets } from './sockets.ts'

const KIND = 2
/** In a round, from two addresses. */
const LINKS = 8
const NAMES = 20

/** Links with trackers whose names no DNS server resolves. */
export class DeadTrackers implements Attack {
  readonly #dns: DnsServer
  #sockets: Sockets | undefined
  #links = 0

  constructor(dns: DnsServer) {
    this.#dns = dns
  }

  get done() {
    return { links: this.#links, namesAsked: new Set(this.#dns.asked).size }
  }

  /** `127.0.0.1:…` */
  get nameServer(): string {
    return this.#dns.address
  }

  async round(round: Round): Promise<void> {
    const { number, target, films } = round
    this.#sockets ??= new Sockets(target.url, 3 * LINKS)
    const sockets = this.#sockets
    const links = Array.from({ length: LINKS }, (_, n) => number * LINKS + n)
    await allThrough(round, links, (link, n) => {
      const trackers = Array.from({ length: NAMES }, (_, name) => {
        const host = `dead-${link}-${name}.example.org`
        return `tr=${encodeURIComponent(name % 2 ? `udp://${host}:1337` : `http://${host}/announce`)}`
      })
      // Half of them for the films being watched: those request a byte.
      const film = n % 2 ? films[n % films.length]?.infoHash : undefined
      const path = `/stream/proxy/${film ?? unknownHash(KIND, link)}?${trackers.join('&')}`
      const request = `GET ${path} HTTP/1.1\r\nHost: a\r\nRange: bytes=0-0\r\n\r\n`
      sockets.send(request, strangerAddress(KIND, n % 4 < 2 ? 0 : 1), true)
      this.#links++
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#sockets?.[Symbol.dispose]()
    await this.#dns[Symbol.asyncDispose]()
  }
}

export async function startDeadTrackers(): Promise<DeadTrackers> {
  return new DeadTrackers(await startDnsServer())
}
