import type Wire from 'bittorrent-protocol'
import ipaddr from 'ipaddr.js'
import { isPublicAddress } from '../../domain/public-host.ts'

const MOST = 10_000

/**
 * Peers that sent wrong bytes: they are not spoken to again. On the internet that is everybody at an address; at home,
 * where many share one, it is who has this port or calls itself by this peer id.
 */
export class BanList {
  readonly #banned = new Set<string>()

  ban(wire: Wire): void {
    for (const key of keysOf(wire)) this.#banned.add(key)
    // The oldest are forgiven first.
    for (const key of this.#banned) {
      if (this.#banned.size <= MOST) return
      this.#banned.delete(key)
    }
  }

  isBanned(wire: Wire): boolean {
    return keysOf(wire).some((key) => this.#banned.has(key))
  }
}

function keysOf({ remoteAddress = '', remotePort, peerId }: Wire): string[] {
  const address = ipaddr.isValid(remoteAddress) ? ipaddr.process(remoteAddress).toString() : remoteAddress
  return isPublicAddress(address) ? [address] : [`${address}:${remotePort}`, `${address} ${peerId}`]
}
