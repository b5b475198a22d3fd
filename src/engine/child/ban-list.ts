import type Wire from 'bittorrent-protocol'
import { LRUCache } from 'lru-cache'
import { clientKey } from '../../domain/clients/client-key.ts'
import { isPublicAddress } from '../../domain/clients/public-host.ts'
import { usualForm } from '../../lib/ip-address.ts'

/** Beyond this, the oldest bans are dropped. */
const MAX_KNOWN = 10_000
/** After so many connections in which it gave nothing, an address is refused. */
const SILENT_CONNECTIONS = 3
/** From the last of these connections. */
const REFUSED_MS = 10 * 60_000

/**
 * Peers that are refused: those that sent wrong bytes, for as long as this process runs, and for a while those that
 * repeatedly accepted requests and answered none. A public address is banned as a whole, IPv6 by its /64. In the user's
 * network, where many peers share an address, a peer is banned by its port and its peer id.
 */
export class BanList {
  readonly #banned = new LRUCache<string, true>({ max: MAX_KNOWN })
  readonly #silent = new LRUCache<string, Silent>({ max: MAX_KNOWN })

  /** A peer sent wrong bytes. */
  ban(wire: Wire): void {
    for (const key of keysOf(wire)) this.#banned.set(key, true)
  }

  /**
   * A connection ended in which the peer answered no request, while other peers did.
   *
   * @param now - ms, on the monotonic clock
   */
  onSilent(wire: Wire, now: number = performance.now()): void {
    for (const key of keysOf(wire)) {
      const { times = 0, at = 0 } = this.#silent.get(key) ?? {}
      this.#silent.set(key, { times: now - at < REFUSED_MS ? times + 1 : 1, at: now })
    }
  }

  isBanned(wire: Wire, now: number = performance.now()): boolean {
    return keysOf(wire).some((key) => this.#isRefused(key, now))
  }

  /** @param address - with the port, as webtorrent writes it: `192.0.2.1:6881`, `[2001:db8::1]:6881` */
  isAddressBanned(address: string): boolean {
    const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? []
    return this.#isRefused(keyOf(host, port), performance.now())
  }

  #isRefused(key: string, now: number): boolean {
    const { times = 0, at = 0 } = this.#silent.get(key) ?? {}
    return this.#banned.has(key) || (times >= SILENT_CONNECTIONS && now - at < REFUSED_MS)
  }
}

interface Silent {
  readonly times: number
  /** time of the last of them */
  readonly at: number
}

function keysOf({ remoteAddress = '', remotePort, peerId }: Wire): string[] {
  const key = keyOf(remoteAddress, remotePort ?? 0)
  return isPublicAddress(remoteAddress) ? [key] : [key, `${usualForm(remoteAddress)} ${peerId}`]
}

function keyOf(address: string, port: number | string): string {
  return isPublicAddress(address) ? clientKey(address) : `${usualForm(address)}:${port}`
}
