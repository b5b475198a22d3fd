import type Wire from 'bittorrent-protocol'
import type { Torrent } from 'webtorrent'
import type { TorrentInfo } from '../../../domain/bittorrent/metainfo.ts'
import type { PieceWindow } from '../../engine.ts'
import type { Disk } from '../disk.ts'
import type { PieceHolder, PieceMemory } from '../piece-memory.ts'
import type { HeldPiece } from '../piece-need.ts'
import { Assemblies } from './assemblies.ts'
import { type Assembly, BLOCK_BYTES } from './assembly.ts'
import { noteUsefulness, Peer } from './peer.ts'
import { PieceOrder } from './piece-order.ts'
import { Refill } from './refill.ts'
import { Requests } from './requests.ts'
import { Rescue } from './rescue.ts'

const TICK_MS = 100
/** A viewer with so many peers that give something needs no more. */
const ENOUGH_PEERS = 8

export interface FetcherParts {
  readonly torrent: Torrent
  /** its metadata, once known */
  readonly infoOf: () => TorrentInfo | undefined
  /** shared by all torrents */
  readonly memory: PieceMemory
  /** shared by all torrents that are written to it */
  readonly disk: Disk
  /** Whether peers wait for a place while all are taken. */
  readonly isCrowded: () => boolean
}

export interface FetcherEvents {
  /** The peer sent wrong bytes. */
  guilty(wire: Wire, piece: number): void
  /** The peer did not answer repeated requests. @param gaveNothing - in this connection, while others gave */
  silent(wire: Wire, gaveNothing: boolean): void
  /** A piece is on its way. */
  begun(piece: number): void
  /** A piece cannot be kept, and waiting does not help. */
  unwritable(error: Error): void
  /** The memory of a piece that the disk refuses is needed elsewhere: it should no longer be written. */
  giveUp(piece: number): void
}

/**
 * Fetches pieces from the peers of a torrent. It replaces webtorrent's own request logic: it decides which peer is asked
 * for which block, puts the pieces together, checks them, and has them stored.
 *
 * The differences: requests in advance are limited by time; a block that a reader waits for is asked of a second peer if
 * that is likely to be faster; a silent peer loses its blocks; the giver of each block is known, so that a peer that
 * sends wrong ones can be dropped; and an answer causes work for one peer, not for all.
 */
export class Fetcher implements Disposable, PieceHolder {
  readonly #torrent: Torrent
  readonly #memory: PieceMemory
  readonly #disk: Disk
  readonly #events: FetcherEvents
  readonly #isCrowded: () => boolean
  readonly #peers = new Map<Wire, Peer>()
  readonly #assemblies: Assemblies
  readonly #requests: Requests
  readonly #rescue: Rescue
  readonly #refill: Refill
  readonly #order = new PieceOrder((piece) => this.#assemblies.isOpen(piece))
  readonly #timer: NodeJS.Timeout
  #windows: readonly PieceWindow[] = []
  #tickedAt = performance.now()

  constructor({ torrent, infoOf, memory, disk, isCrowded }: FetcherParts, events: FetcherEvents) {
    this.#torrent = torrent
    this.#memory = memory
    memory.join(this)
    this.#disk = disk
    this.#events = events
    this.#isCrowded = isCrowded
    this.#assemblies = new Assemblies(
      { torrent, infoOf, memory, holder: this },
      {
        guilty: ({ wire }, piece) => events.guilty(wire, piece),
        unwritable: (error) => events.unwritable(error),
        begun: (piece) => events.begun(piece),
        complete: (piece) => this.#rescue.onComplete(piece),
        reopened: (piece) => this.reopen(piece),
        dropped: (assembly) => this.#onDropped(assembly),
        stored: () => this.#refill.soon(),
      },
    )
    this.#requests = new Requests({
      block: (peer, assembly, block, chunk) => {
        this.#put(assembly, block, chunk, peer)
        this.#refill.peer(peer)
      },
      unanswered: (piece) => this.reopen(piece),
    })
    this.#rescue = new Rescue(this.#peers, this.#assemblies, this.#requests, (peer, gaveNothing) =>
      events.silent(peer.wire, gaveNothing),
    )
    this.#refill = new Refill({
      peers: this.#peers,
      order: this.#order,
      assemblies: this.#assemblies,
      requests: this.#requests,
      rescue: this.#rescue,
      mayFetch: () => torrent.ready && !torrent.destroyed && disk.mayFetch,
      heads: () => this.#headsOfUrgentWindows(),
    })
    // webtorrent calls this whenever there may be something to ask for.
    torrent._update = () => this.#refill.soon()
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref()
  }

  add(wire: Wire): void {
    const peer = new Peer(wire)
    this.#peers.set(wire, peer)
    noteUsefulness(peer)
    // webtorrent would compute an average over five seconds at every block; the rate measured here is as good.
    wire.downloadSpeed = () => peer.rate
    wire.on('piece', (piece: number, offset: number, chunk: Uint8Array) =>
      this.#onLate(peer, piece, offset / BLOCK_BYTES, chunk),
    )
    wire.on('extended', (extension: unknown) => {
      if (extension === 'ut_metadata') peer.metadataAt = performance.now()
    })
    // With the fast extension (BEP 6) requests outlive a choke until they are refused, which a peer may never do.
    wire.on('choke', () => this.#requests.cancel(peer, () => true))
    wire.once('close', () => {
      this.#peers.delete(wire)
      this.#assemblies.dropBoundTo(peer)
    })
  }

  /** Sets the pieces to fetch. Requests for pieces outside all windows are cancelled. */
  want(windows: readonly PieceWindow[]): void {
    this.#windows = windows
    this.#order.setWindows(windows)
    for (const peer of this.#peers.values()) {
      this.#requests.cancel(peer, ({ assembly }) => !this.#order.includes(assembly.piece))
    }
    this.#assemblies.dropLeftBehind((piece) => this.#order.includes(piece))
    this.#refill.soon()
  }

  /** A piece has to be fetched again. */
  reopen(piece: number): void {
    this.#order.reopen(piece)
    this.#refill.soon()
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    this.#memory.leave(this)
    this.#assemblies[Symbol.dispose]()
  }

  /** There is no metadata, or a reader waits and too few peers give something. */
  get needsPeers(): boolean {
    if (!this.#torrent.ready) return !this.#torrent.destroyed
    if (!this.hasViewer || this.#torrent.done) return false
    const now = performance.now()
    let useful = 0
    for (const peer of this.#peers.values()) if (peer.isUseful(now)) useful++
    return useful < ENOUGH_PEERS
  }

  get peers(): Iterable<Peer> {
    return this.#peers.values()
  }

  get hasViewer(): boolean {
    return this.#windows.some(({ priority }) => priority !== 'background')
  }

  *heldPieces(): Generator<HeldPiece, void, void> {
    for (const assembly of this.#assemblies.begun) {
      const { piece, bytes, progress } = assembly
      yield { bytes, progress, need: this.#needOf(piece), drop: () => this.#assemblies.drop(assembly) }
    }
    if (!this.#disk.canGiveUp) return
    for (const [piece, bytes] of this.#assemblies.unwritten) {
      yield { bytes, progress: 1, need: 'refused', drop: () => this.#events.giveUp(piece) }
    }
  }

  onMemoryFree(): void {
    this.#refill.soon()
  }

  #needOf(piece: number): HeldPiece['need'] {
    const priority = this.#order.priorityOf(piece)
    if (!priority) return 'none'
    if (priority === 'background' || !this.#disk.isTaking) return 'background'
    return this.#rescue.isWaitedFor(piece) ? 'waited for' : 'ahead'
  }

  /** A cancelled block may have been on its way; it is used all the same. */
  #onLate(peer: Peer, piece: number, block: number, chunk: Uint8Array): void {
    if (!peer.onLateBlock(chunk.length, piece, block, performance.now())) return
    const assembly = this.#assemblies.get(piece)
    if (!assembly || assembly.isThere(block) || (assembly.boundTo ?? peer) !== peer) return
    if (chunk.length === assembly.lengthOf(block)) this.#put(assembly, block, chunk, peer)
  }

  #put(assembly: Assembly<Peer>, block: number, chunk: Uint8Array, peer: Peer): void {
    if (!this.#assemblies.put(assembly, block, chunk, peer)) return
    // Other peers that were asked for the block need not send it.
    if (assembly.askedFor(block) > 0) {
      for (const other of this.#peers.values()) {
        this.#requests.cancel(other, (request) => request.assembly === assembly && request.block === block)
      }
    }
    if (assembly.isComplete) this.#assemblies.finish(assembly)
  }

  #onDropped(assembly: Assembly<Peer>): void {
    for (const peer of this.#peers.values()) {
      this.#requests.cancel(peer, (request) => request.assembly === assembly)
    }
    this.#order.reopen(assembly.piece)
  }

  #tick(): void {
    const now = performance.now()
    const seconds = (now - this.#tickedAt) / 1000
    this.#tickedAt = now
    if (this.#torrent.destroyed || this.#peers.size === 0) return
    // What peers send could not be kept.
    const isHeld = !this.#disk.isTaking
    for (const peer of this.#peers.values()) {
      peer.onTick(seconds)
      if (isHeld) this.#requests.cancel(peer, () => true)
    }
    const isCrowded = this.#isCrowded()
    if (!isHeld) this.#rescue.tick(seconds, now, isCrowded)
    this.#rescue.hurry(new Set(this.#headsOfUrgentWindows()), now)
    if (isCrowded && !isHeld) this.#rescue.makeRoom(now, this.#torrent.ready)
    this.#refill.soon()
  }

  /** The pieces that readers wait for. */
  #headsOfUrgentWindows(): number[] {
    return this.#order.headsOfUrgent((piece) => this.#torrent.bitfield.get(piece))
  }
}
