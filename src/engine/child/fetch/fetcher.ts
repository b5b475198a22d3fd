import type Wire from 'bittorrent-protocol'
import type { Torrent } from 'webtorrent'
import type { TorrentInfo } from '../../../domain/bittorrent/metainfo.ts'
import type { PieceWindow } from '../../engine.ts'
import type { Disk } from '../disk.ts'
import type { PieceHolder, PieceMemory } from '../piece-memory.ts'
import type { HeldPiece } from '../piece-need.ts'
import { Assemblies } from './assemblies.ts'
import { type Assembly, BLOCK_BYTES } from './assembly.ts'
import { inOneWrite } from './one-write.ts'
import { Peer } from './peer.ts'
import { PieceOrder } from './piece-order.ts'
import { Requests } from './requests.ts'
import { Rescue } from './rescue.ts'

const TICK_MS = 100

export interface FetcherEvents {
  /** It sent wrong bytes. */
  guilty(wire: Wire, piece: number): void
  /** It was asked again and again and did not answer. @param gaveNothing - in this connection, while others gave */
  silent(wire: Wire, gaveNothing: boolean): void
  /** A piece cannot be kept, and waiting does not help. */
  unwritable(error: Error): void
  /** The memory of a piece that the disk refuses is needed elsewhere: it should not be written any more. */
  giveUp(piece: number): void
}

/**
 * Fetches pieces from the peers of a torrent, in the place of webtorrent's own request logic: it decides who is asked
 * for which block, puts the pieces together, checks them, and has them stored.
 *
 * What it does differently: what is asked in advance is bounded by time; a block that a reader waits for is asked of a
 * second peer if that is likely to be quicker; a silent peer gives its blocks back; it is known who gave each block, so
 * that whoever sends wrong ones can be dropped; and an answer makes work for one peer, not for all.
 */
export class Fetcher implements Disposable, PieceHolder {
  readonly #torrent: Torrent
  readonly #memory: PieceMemory
  readonly #disk: Disk
  readonly #events: FetcherEvents
  readonly #peers = new Map<Wire, Peer>()
  readonly #assemblies: Assemblies
  readonly #requests: Requests
  readonly #rescue: Rescue
  readonly #order = new PieceOrder((piece) => this.#assemblies.isOpen(piece))
  readonly #timer: NodeJS.Timeout
  #windows: readonly PieceWindow[] = []
  #tickedAt = performance.now()
  #isScheduled = false

  /**
   * @param infoOf - its metadata, once that is known
   * @param memory - shared by all torrents
   * @param disk - shared by all that are written to it
   */
  constructor(
    torrent: Torrent,
    infoOf: () => TorrentInfo | undefined,
    memory: PieceMemory,
    disk: Disk,
    events: FetcherEvents,
  ) {
    this.#torrent = torrent
    this.#memory = memory
    memory.join(this)
    this.#disk = disk
    this.#events = events
    this.#assemblies = new Assemblies(torrent, infoOf, memory, this, {
      guilty: ({ wire }, piece) => events.guilty(wire, piece),
      unwritable: (error) => events.unwritable(error),
      complete: (piece) => this.#rescue.onComplete(piece),
      reopened: (piece) => this.reopen(piece),
      dropped: (assembly) => this.#onDropped(assembly),
      stored: () => this.#refillSoon(),
    })
    this.#requests = new Requests({
      block: (peer, assembly, block, chunk) => {
        this.#put(assembly, block, chunk, peer)
        this.#refill(peer)
      },
      unanswered: (piece) => this.reopen(piece),
    })
    this.#rescue = new Rescue(this.#peers, this.#assemblies, this.#requests, (peer, gaveNothing) =>
      events.silent(peer.wire, gaveNothing),
    )
    // webtorrent calls this whenever there may be something to ask for.
    torrent._update = () => this.#refillSoon()
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref()
  }

  add(wire: Wire): void {
    const peer = new Peer(wire)
    this.#peers.set(wire, peer)
    // webtorrent would compute an average over five seconds at every block; what is measured here is as good.
    wire.downloadSpeed = () => peer.rate
    wire.on('piece', (piece: number, offset: number, chunk: Uint8Array) =>
      this.#onLate(peer, piece, offset / BLOCK_BYTES, chunk),
    )
    wire.on('extended', (extension: unknown) => {
      if (extension === 'ut_metadata') peer.metadataAt = performance.now()
    })
    // With the fast extension (BEP 6) requests outlive a choke until they are refused, which a peer may never do.
    wire.on('choke', () => this.#requests.callBack(peer, () => true))
    wire.once('close', () => {
      this.#peers.delete(wire)
      this.#assemblies.dropBoundTo(peer)
    })
  }

  /** Which pieces to fetch from now on. What was asked for and is in none of the windows is called back. */
  want(windows: readonly PieceWindow[]): void {
    this.#windows = windows
    this.#order.setWindows(windows)
    for (const peer of this.#peers.values()) {
      this.#requests.callBack(peer, ({ assembly }) => !this.#order.includes(assembly.piece))
    }
    this.#assemblies.dropLeftBehind((piece) => this.#order.includes(piece))
    this.#refillSoon()
  }

  /** A piece that was there is not any more. */
  reopen(piece: number): void {
    this.#order.reopen(piece)
    this.#refillSoon()
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    this.#memory.leave(this)
    this.#assemblies[Symbol.dispose]()
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
    this.#refillSoon()
  }

  #needOf(piece: number): HeldPiece['need'] {
    const priority = this.#order.priorityOf(piece)
    if (!priority) return 'none'
    if (priority === 'background' || !this.#disk.isTaking) return 'background'
    return this.#rescue.isWaitedFor(piece) ? 'waited for' : 'ahead'
  }

  #refillSoon(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    queueMicrotask(() => {
      this.#isScheduled = false
      // Whoever is likely to answer first is asked first.
      const now = performance.now()
      const etas = new Map([...this.#peers.values()].map((peer) => [peer, peer.etaOfNext(now)]))
      const peers = [...etas.keys()].sort((a, b) => (etas.get(a) ?? 0) - (etas.get(b) ?? 0))
      const anyProven = peers.some((peer) => peer.isProven && peer.isFit)
      for (const peer of peers) {
        peer.isOnTrial = anyProven && !peer.isProven
        this.#refill(peer)
      }
    })
  }

  #refill(peer: Peer): void {
    const { room } = peer
    if (room === 0 || !peer.isUsable || !this.#canFetch) return
    inOneWrite(peer.wire, () => {
      this.#askFor(peer, room)
      if (peer.requests.length > 0) return
      // It has nothing else to do.
      for (const piece of this.#headsOfUrgentWindows()) this.#rescue.help(piece, [peer], performance.now())
    })
  }

  #askFor(peer: Peer, room: number): void {
    let left = room
    for (const piece of this.#order.pieces((piece) => this.#mayGive(peer, piece))) {
      const assembly = this.#assemblies.of(piece, peer)
      for (let block = assembly.takeFree(); block !== undefined; block = assembly.takeFree()) {
        if (!this.#requests.ask(peer, assembly, block) || --left === 0) return
      }
      // A piece of nothing but padding.
      if (assembly.isComplete) this.#assemblies.finish(assembly)
    }
  }

  get #canFetch(): boolean {
    return this.#torrent.ready && !this.#torrent.destroyed && this.#disk.mayFetch
  }

  #mayGive(peer: Peer, piece: number): boolean {
    if (!peer.wire.peerPieces.get(piece)) return false
    const begun = this.#assemblies.get(piece)
    const isBound = this.#assemblies.isDistrusted(piece)
    if (isBound && (begun?.boundTo ?? this.#rescue.giverOf(piece)) !== peer) return false
    // The memory is asked last: a torrent that is given its turn must use it.
    return begun !== undefined || this.#assemblies.mayBegin(piece, this.#rescue.isWaitedFor(piece))
  }

  /** What was called back may have been on its way; it is as good as if it had not been. */
  #onLate(peer: Peer, piece: number, block: number, chunk: Uint8Array): void {
    if (!peer.onLateBlock(chunk.length, piece, block, performance.now())) return
    const assembly = this.#assemblies.get(piece)
    if (!assembly || assembly.isThere(block) || (assembly.boundTo ?? peer) !== peer) return
    if (chunk.length === assembly.lengthOf(block)) this.#put(assembly, block, chunk, peer)
  }

  #put(assembly: Assembly<Peer>, block: number, chunk: Uint8Array, peer: Peer): void {
    if (!this.#assemblies.put(assembly, block, chunk, peer)) return
    // Whoever else was asked for the block need not send it.
    if (assembly.askedFor(block) > 0) {
      for (const other of this.#peers.values()) {
        this.#requests.callBack(other, (request) => request.assembly === assembly && request.block === block)
      }
    }
    if (assembly.isComplete) this.#assemblies.finish(assembly)
  }

  #onDropped(assembly: Assembly<Peer>): void {
    for (const peer of this.#peers.values()) {
      this.#requests.callBack(peer, (request) => request.assembly === assembly)
    }
    this.#order.reopen(assembly.piece)
  }

  #tick(): void {
    const now = performance.now()
    const seconds = (now - this.#tickedAt) / 1000
    this.#tickedAt = now
    if (this.#torrent.destroyed || this.#peers.size === 0) return
    // What comes could not be kept.
    const isHeld = !this.#disk.isTaking
    for (const peer of this.#peers.values()) {
      peer.onTick(seconds)
      if (isHeld) this.#requests.callBack(peer, () => true)
    }
    const isCrowded = (this.#torrent._queue?.length ?? 0) > 0
    if (!isHeld) this.#rescue.tick(seconds, now, isCrowded)
    this.#rescue.hurry(new Set(this.#headsOfUrgentWindows()), now)
    if (isCrowded && !isHeld) this.#rescue.makeRoom(now, this.#torrent.ready)
    this.#refillSoon()
  }

  /** What readers wait for. */
  #headsOfUrgentWindows(): number[] {
    return this.#order.headsOfUrgent((piece) => this.#torrent.bitfield.get(piece))
  }
}
