import type Wire from 'bittorrent-protocol'
import type { Torrent } from 'webtorrent'
import type { GoodPeer } from '../../domain/bittorrent/good-peers.ts'
import type { TorrentInfo } from '../../domain/bittorrent/metainfo.ts'
import { messageOf } from '../../domain/errors.ts'
import { redactTrackers } from '../../lib/redact.ts'
import type { Report } from '../protocol.ts'
import { SeederCount } from './seeder-count.ts'

const STATS_INTERVAL_MS = 1_000

interface VerifiedPieces {
  isVerified(piece: number): boolean
  /** Has them fetched again. */
  forget(pieces: readonly number[]): void
}

export interface ReportedTorrent {
  readonly torrent: Torrent
  readonly id: number
  /** its metadata, once known */
  readonly infoOf: () => TorrentInfo | undefined
  readonly pieces: VerifiedPieces
  /** The peers to keep, if they have changed since the last call. */
  readonly peersToKeep: () => readonly GoodPeer[] | undefined
  /** Keys in their URLs are removed from what is reported. */
  readonly trackers: readonly string[]
}

/** Reports to main what happens to a torrent: pieces, peers, speed, warnings. */
export class TorrentReports implements Disposable {
  readonly #torrent: Torrent
  readonly #id: number
  readonly #infoOf: () => TorrentInfo | undefined
  readonly #report: (report: Report) => void
  readonly #seeders = new SeederCount()
  readonly #timer: NodeJS.Timeout
  readonly #pieces: VerifiedPieces
  readonly #peersToKeep: ReportedTorrent['peersToKeep']
  #verified: number[] = []

  constructor(
    { torrent, id, infoOf, pieces, peersToKeep, trackers }: ReportedTorrent,
    report: (report: Report) => void,
  ) {
    this.#torrent = torrent
    this.#id = id
    this.#infoOf = infoOf
    this.#pieces = pieces
    this.#peersToKeep = peersToKeep
    this.#report = report
    this.#timer = setInterval(() => this.#stats(), STATS_INTERVAL_MS)
    torrent.on('verified', (piece: number) => this.#onVerified(piece))
    // Which peers have all of it is known from here on.
    torrent.once('ready', () => this.#stats())
    torrent.on('warning', (error: unknown) => {
      const fields = { infoHash: torrent.infoHash, reason: redactTrackers(messageOf(error), trackers) }
      report({ kind: 'log', level: 'debug', message: 'swarm warning', fields })
    })
  }

  /** A peer is connected. */
  follow(wire: Wire): void {
    const stats = () => this.#stats()
    stats()
    wire.once('bitfield', stats)
    wire.once('have-all', stats)
    wire.once('close', () => setImmediate(stats))
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  #onVerified(piece: number): void {
    // One report for all pieces of a turn.
    if (this.#verified.push(piece) > 1) return
    setImmediate(() => {
      const { there = [], gone = [] } = Object.groupBy(this.#verified, (piece) =>
        this.#pieces.isVerified(piece) ? 'there' : 'gone',
      )
      this.#verified = []
      if (there.length > 0) this.#report({ kind: 'verified', id: this.#id, pieces: there })
      // Their file was removed since.
      if (gone.length > 0) this.#pieces.forget(gone)
    })
  }

  #stats(): void {
    const { wires, downloadSpeed, destroyed } = this.#torrent
    if (destroyed) return
    const info = this.#infoOf()
    const stats = {
      peers: wires.length,
      seeders: info ? this.#seeders.among(wires, info.pieceCount) : 0,
      downloadSpeed: Math.round(downloadSpeed),
    }
    this.#report({ kind: 'stats', id: this.#id, stats })
    const goodPeers = this.#peersToKeep()
    if (goodPeers) this.#report({ kind: 'goodPeers', id: this.#id, peers: goodPeers })
  }
}
