import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { Log } from '../observe/log.ts'
import { DhtFile } from './dht-file.ts'
import type { Engine, EngineOptions, OpenTorrent, PieceWindow } from './engine.ts'
import { EngineChild } from './engine-child.ts'
import type { Command, Report } from './protocol.ts'
import { whenSilent } from './silence.ts'

/** ms. The engine reports once a second that it is alive, and closing a torrent takes a moment. */
const PATIENCE = { silenceMs: 15_000, closeMs: 5_000 }

export interface StartedEngine extends Engine {
  /** Resolves when the first process was spawned, or could not be: it loads from then on. */
  readonly whenSpawned: Promise<void>
}

interface OpenedTorrent {
  readonly id: number
  readonly request: OpenTorrent
  metainfo: Uint8Array | undefined
  windows: readonly PieceWindow[]
  /** pieces wait for room on the disk */
  isWaiting: boolean
}

/** Reports of one torrent while it is open. */
type TorrentReport = Exclude<Report, { kind: 'alive' | 'dhtNodes' | 'log' | 'closed' }>

/**
 * The engine in a process of its own, where peers can crash it without touching a viewer. A process that is started
 * again gets its torrents back: which pieces of them are there, and which are wanted.
 *
 * @param patience - after how much silence the process counts as hung, and a torrent as not closed
 */
export function startEngineProcess(options: EngineOptions, log: Log, patience = PATIENCE): StartedEngine {
  return new EngineProcess(options, log, patience)
}

class EngineProcess implements StartedEngine {
  readonly #log: Log
  readonly #closeMs: number
  readonly #torrents = new Map<InfoHash, OpenedTorrent>()
  /** the same by the number that the process knows them by */
  readonly #byId = new Map<number, OpenedTorrent>()
  readonly #closing = new Map<number, () => void>()
  readonly #child: EngineChild
  readonly #dhtFile: DhtFile | undefined
  #nextId = 1

  constructor(options: EngineOptions, log: Log, { silenceMs, closeMs }: typeof PATIENCE) {
    this.#log = log
    this.#closeMs = closeMs
    if (options.dhtFile !== undefined) this.#dhtFile = new DhtFile(options.dhtFile, log)
    const on = {
      dhtNodes: async () => (await this.#dhtFile?.nodes()) ?? [],
      started: () => {
        for (const torrent of this.#torrents.values()) this.#reopen(torrent)
      },
      report: (report: Report) => this.#onReport(report),
      ended: () => this.#onEnded(),
      down: (reason: string) => this.#failAll(reason),
    }
    this.#child = new EngineChild(options, silenceMs, on, log)
  }

  get whenSpawned(): Promise<void> {
    return this.#child.whenSpawned
  }

  open(request: OpenTorrent): void {
    const { infoHash } = request
    if (this.#torrents.has(infoHash)) throw new Error(`${infoHash} is open already`)
    if (this.#child.isDown) {
      queueMicrotask(() => request.on.failed({ code: 'engine.down', reason: 'the engine does not start' }))
      return
    }
    const id = this.#nextId++
    const torrent = { id, request, metainfo: request.metainfo, windows: [], isWaiting: false }
    this.#torrents.set(infoHash, torrent)
    this.#byId.set(id, torrent)
    this.#reopen(torrent)
  }

  want(infoHash: InfoHash, windows: readonly PieceWindow[]): void {
    const torrent = this.#torrents.get(infoHash)
    if (!torrent) return
    torrent.windows = windows
    this.#tell({ kind: 'want', id: torrent.id, windows })
  }

  unverify(infoHash: InfoHash, piece: number): void {
    const torrent = this.#torrents.get(infoHash)
    if (torrent) this.#tell({ kind: 'unverify', id: torrent.id, piece })
  }

  retryWrites(infoHash: InfoHash): void {
    const torrent = this.#torrents.get(infoHash)
    if (torrent) this.#tell({ kind: 'retryWrites', id: torrent.id })
  }

  async close(infoHash: InfoHash): Promise<void> {
    const torrent = this.#torrents.get(infoHash)
    if (!torrent) return
    this.#remove(torrent)
    if (!this.#child.isConnected) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#closing.set(torrent.id, resolve)
    this.#tell({ kind: 'close', id: torrent.id })
    using _killer = whenSilent(this.#closeMs, () => this.#child.kill('it did not close a torrent in time'))
    await promise
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child[Symbol.asyncDispose]()
    await this.#dhtFile?.saved
  }

  /** A command that is lost with this run is not needed in the next: that gets all torrents as they are then. */
  #tell(command: Command): void {
    this.#child.tell(command)
  }

  #reopen({ id, request, metainfo, windows }: OpenedTorrent): void {
    const { infoHash, trackers, ofTorrent, directory } = request
    const [claimed, goodPeers] = [request.claimed(), request.goodPeers()]
    this.#tell({ kind: 'open', id, infoHash, trackers, ofTorrent, directory, metainfo, claimed, goodPeers })
    this.#tell({ kind: 'want', id, windows })
  }

  #remove({ id, request }: OpenedTorrent): void {
    this.#torrents.delete(request.infoHash)
    this.#byId.delete(id)
  }

  #onReport(report: Report): void {
    if (report.kind === 'alive') return
    if (report.kind === 'dhtNodes') return void this.#dhtFile?.note(report.nodes)
    if (report.kind === 'log') return this.#log[report.level](report.message, report.fields)
    if (report.kind === 'closed') {
      this.#closing.get(report.id)?.()
      this.#closing.delete(report.id)
      return
    }
    const torrent = this.#byId.get(report.id)
    if (torrent) this.#onTorrentReport(torrent, report)
  }

  #onTorrentReport(torrent: OpenedTorrent, report: TorrentReport): void {
    const { on } = torrent.request
    switch (report.kind) {
      case 'metainfo':
        torrent.metainfo = report.bytes
        return on.metainfo(report.bytes)
      case 'opened':
        return on.opened(report.file, report.fileId, report.changedAt)
      case 'wrote':
        return on.wrote(report.file, report.changedAt, report.isWriting)
      case 'changed':
        return on.changed(report.file)
      case 'verified':
        return on.verified(report.pieces)
      case 'missing':
        return on.missing(report.pieces)
      case 'replacing':
        on.replacing(report.file, report.copy)
        return this.#tell({ kind: 'replace', id: report.id, file: report.file })
      case 'diskFull':
        torrent.isWaiting = true
        return on.diskFull(report.refusal)
      case 'diskReady':
        return this.#onDiskReady(torrent)
      case 'stats':
        return on.stats(report.stats)
      case 'goodPeers':
        return on.goodPeers(report.peers)
      case 'failed':
        this.#remove(torrent)
        return on.failed(report.failure)
    }
  }

  #onEnded(): void {
    for (const done of this.#closing.values()) done()
    this.#closing.clear()
    for (const torrent of this.#torrents.values()) {
      if (torrent.isWaiting) this.#onDiskReady(torrent)
      torrent.request.on.ended()
    }
  }

  #onDiskReady(torrent: OpenedTorrent): void {
    torrent.isWaiting = false
    torrent.request.on.diskReady()
  }

  #failAll(reason: string): void {
    const failed = [...this.#torrents.values()]
    this.#torrents.clear()
    this.#byId.clear()
    for (const { request } of failed) request.on.failed({ code: 'engine.down', reason })
  }
}
