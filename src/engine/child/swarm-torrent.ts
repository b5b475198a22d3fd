import type Wire from 'bittorrent-protocol'
import type { Torrent } from 'webtorrent'
import { piecesIn } from '../../domain/bittorrent/bitfield.ts'
import { type TorrentInfo, wrapInfo } from '../../domain/bittorrent/metainfo.ts'
import { readNamedInfo } from '../../domain/bittorrent/read-named-info.ts'
import { messageOf } from '../../domain/errors.ts'
import { redactTrackers } from '../../lib/redact.ts'
import type { EngineFailure, PieceWindow } from '../engine.ts'
import type { TorrentDials } from './dialler/torrent-dials.ts'
import type { Disk } from './disk.ts'
import { Fetcher } from './fetch/fetcher.ts'
import { GoodPeers } from './good-peers.ts'
import { joinSwarm, type OpenCommand, type SwarmParts } from './join-swarm.ts'
import { parsedTorrent } from './metadata-as-found.ts'
import { PeerRemoval } from './peer-removal.ts'
import { PieceStore } from './piece-store.ts'
import { makePrivate, OWN_TRACKER } from './privacy.ts'
import { TorrentReports } from './torrent-reports.ts'

export interface OpenedTorrent {
  readonly command: OpenCommand
  /** metadata that main has, checked */
  readonly known: { readonly bytes: Uint8Array; readonly info: TorrentInfo } | undefined
  /** of the folder that the torrent's own folder lies in */
  readonly disk: Disk
  /** Called once, when it is closed or has failed. */
  readonly onEnd: () => void
}

/** One torrent in the swarm: webtorrent's object with our fetcher, store and guards around it. */
export class SwarmTorrent {
  readonly disk: Disk
  readonly #command: OpenCommand
  readonly #shared: SwarmParts
  readonly #onEnd: () => void
  readonly #torrent: Torrent
  readonly #dials: TorrentDials
  readonly #fetcher: Fetcher
  readonly #reports: TorrentReports
  /** files that will be replaced as soon as main has answered */
  readonly #replacing = new Map<number, PromiseWithResolvers<void>>()
  #metadata: Uint8Array | undefined
  #info: TorrentInfo | undefined
  #store: PieceStore | undefined
  #isOpen = true

  constructor({ command, known, disk, onEnd }: OpenedTorrent, shared: SwarmParts) {
    this.disk = disk
    this.#command = command
    this.#shared = shared
    this.#onEnd = onEnd
    this.#metadata = known?.bytes
    this.#info = known?.info
    const store = () => this.#openStore()
    const metadataOf = () => this.#metadata
    const demand = { needsPeers: () => this.#fetcher.needsPeers, peers: () => this.#fetcher.peers }
    const joined = joinSwarm({ command, info: known?.info, store, metadataOf, demand }, shared)
    const { torrent } = joined
    this.#torrent = torrent
    this.#dials = joined.dials
    const infoOf = () => this.#info
    const removal = new PeerRemoval(command.infoHash, shared.banned, shared.report)
    this.#fetcher = new Fetcher(
      { torrent, infoOf, memory: shared.memory, disk, isCrowded: () => this.#dials.isCrowded },
      {
        guilty: (wire, piece) => removal.ban(wire, piece),
        silent: (wire, gaveNothing) => removal.drop(wire, gaveNothing),
        unwritable: (error) => this.#fail('disk.failed', error),
        begun: (piece) => this.#store?.prepare(piece),
        giveUp: (piece) => this.#store?.giveUp(piece),
      },
    )
    const trackers = [...command.trackers, ...command.ofTorrent]
    const pieces = {
      isVerified: (piece: number) => this.#store?.isVerified(piece) === true,
      forget: (gone: readonly number[]) => this.forget(gone),
    }
    const { id } = command
    const good = new GoodPeers(
      command.goodPeers,
      ({ address, source }) =>
        !shared.banned.isAddressBanned(address) && (!this.#info?.isPrivate || source === OWN_TRACKER),
    )
    const peersToKeep = () => good.update(this.#dials.connected(), Date.now())
    this.#reports = new TorrentReports({ torrent, id, infoOf, pieces, peersToKeep, trackers }, shared.report)
    this.#takeMetadata()
    torrent.on('wire', (wire: Wire) => this.#onWire(wire))
    torrent.on('error', (error: unknown) =>
      this.#fail('engine.down', redactTrackers(messageOf(error), trackers)),
    )
  }

  want(windows: readonly PieceWindow[]): void {
    this.#fetcher.want(windows)
  }

  /** Main knows that the file is about to be replaced. */
  replace(file: number): void {
    this.#replacing.get(file)?.resolve()
  }

  /** Has pieces fetched again that webtorrent believes to be there. */
  forget(pieces: readonly number[]): void {
    const torrent = this.#torrent
    for (const piece of pieces) this.#store?.forget(piece)
    // While webtorrent starts a torrent it goes by the claimed pieces that it was given.
    if (!torrent.ready) return void torrent.once('ready', () => this.forget(pieces))
    if (torrent.destroyed) return
    const believed = pieces.filter((piece) => torrent.bitfield.get(piece))
    for (const piece of believed) torrent._markUnverified(piece)
    if (believed.length > 0) torrent._checkDone()
    this.#shared.report({ kind: 'missing', id: this.#command.id, pieces })
    for (const piece of pieces) this.#fetcher.reopen(piece)
  }

  /** Leaves the swarm; resolves when its files are closed, which is reported. */
  async close(): Promise<void> {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#onEnd()
    this.#reports[Symbol.dispose]()
    this.#fetcher[Symbol.dispose]()
    // Main no longer listens.
    for (const { reject } of this.#replacing.values()) reject(new Error('the torrent is closed'))
    // Trackers may take a while to be told that we leave; only the files have to be waited for.
    if (!this.#torrent.destroyed) this.#torrent.destroy()
    await this.#store?.closeFiles()
    this.#shared.report({ kind: 'closed', id: this.#command.id })
  }

  #openStore(): PieceStore {
    const info = this.#info
    if (!info) throw new Error('the store was asked for before the metadata was checked')
    const { id, directory } = this.#command
    const { gates, report } = this.#shared
    const claimed = this.#command.claimed ? piecesIn(this.#command.claimed, info.pieceCount) : []
    const store = new PieceStore(
      { info, directory, claimed, disk: this.disk, gates },
      {
        opened: (file, fileId, changedAt) => report({ kind: 'opened', id, file, fileId, changedAt }),
        wrote: (file, changedAt, isWriting) => report({ kind: 'wrote', id, file, changedAt, isWriting }),
        changed: (file) => report({ kind: 'changed', id, file }),
        damaged: (piece) => this.forget([piece]),
        gone: (pieces) => this.forget(pieces),
        diskFull: (refusal) => report({ kind: 'diskFull', id, refusal }),
        diskReady: () => report({ kind: 'diskReady', id }),
        replacing: (file, copy) => {
          const agreed = Promise.withResolvers<void>()
          this.#replacing.set(file, agreed)
          report({ kind: 'replacing', id, file, copy })
          return agreed.promise
        },
      },
    )
    this.#store = store
    return store
  }

  /** Metadata of a peer is checked before webtorrent sees it; once it is known, no other is accepted. */
  #takeMetadata(): void {
    const torrent = this.#torrent
    const accept = torrent._onMetadata.bind(torrent)
    torrent._onMetadata = async (found) => {
      if (!(found instanceof Uint8Array)) await accept(found)
      else if (!this.#metadata) await this.#learn(found, accept)
    }
  }

  async #learn(found: Uint8Array, accept: Torrent['_onMetadata']): Promise<void> {
    const { id, infoHash, ofTorrent } = this.#command
    this.#metadata = found
    try {
      const info = await readNamedInfo(found)
      this.#info = info
      if (!this.#isOpen) return
      if (info.isPrivate) {
        this.#shared.privateOnes.add(infoHash)
        makePrivate(this.#torrent, ofTorrent)
        this.#dials.retainOnly(OWN_TRACKER)
      }
      this.#shared.report({ kind: 'metainfo', id, bytes: wrapInfo(found) })
      await accept(parsedTorrent(infoHash, info))
    } catch (error) {
      this.#fail('torrent.invalid', error)
    }
  }

  #onWire(wire: Wire): void {
    const torrent = this.#torrent
    if (this.#shared.banned.isBanned(wire) || !this.#dials.admit(wire, performance.now())) {
      wire.destroy()
      return
    }
    this.#fetcher.add(wire)
    // webtorrent does not answer a request for a piece that is missing.
    wire.on('request', (piece: number, _offset: number, _length: number, answer: (error: Error) => void) => {
      if (!torrent.bitfield.get(piece)) answer(new Error(`piece ${piece} is not there`))
    })
    // Peers unchoke those who are interested. By then the handshake is on its way, and webtorrent has announced our pieces,
    // which must come first (BEP 3).
    queueMicrotask(() => queueMicrotask(() => wire.interested()))
    this.#reports.follow(wire)
  }

  #fail(code: EngineFailure['code'], error: unknown): void {
    if (!this.#isOpen) return
    const { id } = this.#command
    this.#shared.report({ kind: 'failed', id, failure: { code, reason: messageOf(error) } })
    void this.close()
  }
}
