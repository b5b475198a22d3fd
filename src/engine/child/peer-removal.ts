import type Wire from 'bittorrent-protocol'
import type { LogLevel } from '../../observe/log.ts'
import type { Report } from '../protocol.ts'
import type { BanList } from './ban-list.ts'

/** Ends connections with peers of one torrent, and says why. */
export class PeerRemoval {
  readonly #infoHash: string
  readonly #banned: BanList
  readonly #report: (report: Report) => void

  constructor(infoHash: string, banned: BanList, report: (report: Report) => void) {
    this.#infoHash = infoHash
    this.#banned = banned
    this.#report = report
  }

  /** The peer sent wrong bytes. */
  ban(wire: Wire, piece: number): void {
    this.#banned.ban(wire)
    this.#end(wire, 'warn', 'peer banned, it sent wrong bytes', { piece })
  }

  /** The peer did not answer requests. @param gaveNothing - in this connection, while others gave */
  drop(wire: Wire, gaveNothing: boolean): void {
    if (gaveNothing) this.#banned.onSilent(wire)
    this.#end(wire, 'debug', 'peer dropped, it does not answer requests', {})
  }

  #end(wire: Wire, level: LogLevel, message: string, more: { readonly piece?: number }): void {
    const fields = { infoHash: this.#infoHash, peer: `${wire.remoteAddress}:${wire.remotePort}`, ...more }
    this.#report({ kind: 'log', level, message, fields })
    wire.destroy()
  }
}
