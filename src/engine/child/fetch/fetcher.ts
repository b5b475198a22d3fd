import type Wire from 'bittorrent-protocol'
import type { Torrent } from 'webtorrent'
import type { PieceWindow } from '../../engine.ts'
import { type Disk, GivenUpError } from '../disk.ts'
import type { HeldPiece, PieceHolder, PieceMemory } from '../piece-memory.ts'
import { Assembly, BLOCK_BYTES } from './assembly.ts'
import { Blame } from './blame.ts'
import { inOneWrite } from './one-write.ts'
import { type BlockRequest, Peer } from './peer.ts'
import { PieceOrder } from './piece-order.ts'

const TICK_MS = 100
/** A piece that a reader needs next and that has not come for so long is asked for elsewhere as well. */
const PATIENCE_MS = 100
/** Somebody else must be expected to be so many times quicker, and by so many seconds, to be asked as well. */
const HASTE = { times: 1.5, seconds: 0.05 }
/** Begun pieces outside all windows are kept in memory up to this: a viewer may come back to them. */
const LEFT_BEHIND_BYTES = 16 * 1024 * 1024

export interface FetcherEvents {
  /** It sent wrong bytes. */
  guilty(wire: Wire, piece: number): void
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
 * second peer if that one is likely to be quicker; a peer that falls silent gives its blocks back; it is known who gave
 * each block, so that whoever sends wrong ones can be dropped; and an answer makes work for one peer, not for all.
 */
export class Fetcher implements Disposable, PieceHolder {
  readonly #torrent: Torrent
  readonly #memory: PieceMemory
  readonly #disk: Disk
  readonly #events: FetcherEvents
  readonly #peers = new Map<Wire, Peer>()
  readonly #assemblies = new Map<number, Assembly<Peer>>()
  /** pieces that are complete and on their way to the disk */
  readonly #unwritten = new Map<number, Buffer>()
  readonly #order = new PieceOrder((piece) => this.#isOpen(piece))
  readonly #blame = new Blame<Peer>()
  readonly #timer: NodeJS.Timeout
  #windows: readonly PieceWindow[] = []
  /** since when each piece that a reader needs next has been missing */
  readonly #waitedFor = new Map<number, number>()
  #tickedAt = performance.now()
  #isScheduled = false

  /**
   * @param memory - shared by all torrents
   * @param disk - shared by all that are written to it
   */
  constructor(torrent: Torrent, memory: PieceMemory, disk: Disk, events: FetcherEvents) {
    this.#torrent = torrent
    this.#memory = memory
    memory.join(this)
    this.#disk = disk
    this.#events = events
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
    wire.once('close', () => {
      this.#peers.delete(wire)
      this.#unbind(peer)
    })
  }

  /** Which pieces to fetch from now on. What was asked for and is in none of the windows is called back. */
  want(windows: readonly PieceWindow[]): void {
    this.#windows = windows
    this.#order.setWindows(windows)
    for (const peer of this.#peers.values()) {
      this.#callBack(peer, ({ assembly }) => !this.#order.includes(assembly.piece))
    }
    this.#dropLeftBehind()
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
    for (const { bytes } of this.#assemblies.values()) this.#memory.giveBack(bytes)
    this.#assemblies.clear()
  }

  get hasViewer(): boolean {
    return this.#windows.some(({ priority }) => priority !== 'background')
  }

  *heldPieces(): Generator<HeldPiece, void, void> {
    for (const assembly of this.#assemblies.values()) {
      const { piece, bytes, progress } = assembly
      yield { bytes, progress, need: this.#needOf(piece), drop: () => this.#drop(assembly) }
    }
    if (!this.#disk.canGiveUp) return
    for (const [piece, bytes] of this.#unwritten) {
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
    return this.#waitedFor.has(piece) ? 'waited for' : 'ahead'
  }

  #isOpen(piece: number): boolean {
    if (this.#torrent.bitfield.get(piece) || this.#unwritten.has(piece)) return false
    return this.#assemblies.get(piece)?.hasFree ?? true
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
      for (const peer of peers) this.#refill(peer)
    })
  }

  #refill(peer: Peer): void {
    const { room } = peer
    if (room === 0 || !peer.isUsable || !this.#canFetch) return
    inOneWrite(peer.wire, () => {
      this.#askFor(peer, room)
      if (peer.requests.length > 0) return
      // It has nothing else to do.
      for (const piece of this.#headsOfUrgentWindows()) this.#helpWith(piece, peer, performance.now())
    })
  }

  #askFor(peer: Peer, room: number): void {
    let left = room
    for (const piece of this.#order.pieces((piece) => this.#mayGive(peer, piece))) {
      const assembly = this.#assemblyOf(piece, peer)
      for (let block = assembly.takeFree(); block !== undefined; block = assembly.takeFree()) {
        if (!this.#ask(peer, assembly, block) || --left === 0) return
      }
    }
  }

  get #canFetch(): boolean {
    const { ready, destroyed } = this.#torrent
    return ready && !destroyed && this.#disk.mayFetch
  }

  #mayGive(peer: Peer, piece: number): boolean {
    if (!peer.wire.peerPieces.get(piece) || !this.#isTrustedWith(peer, piece)) return false
    // The memory is asked last: a torrent that is given its turn must use it.
    return this.#assemblies.has(piece) || this.#mayBegin(piece)
  }

  #isTrustedWith(peer: Peer, piece: number): boolean {
    if (!this.#blame.isDistrusted(piece)) return true
    const boundTo = this.#assemblies.get(piece)?.boundTo
    if (boundTo) return boundTo === peer
    // Somebody who had no part in the wrong piece is better, if there is such a one.
    const isBetter = (other: Peer) =>
      this.#isFit(other) && other.wire.peerPieces.get(piece) && !this.#blame.isSuspect(piece, other)
    if (!this.#isFit(peer)) return false
    return !this.#blame.isSuspect(piece, peer) || ![...this.#peers.values()].some(isBetter)
  }

  /** Whether it can be counted on for a whole piece. */
  #isFit(peer: Peer): boolean {
    return peer.isUsable && !peer.isStuck
  }

  #mayBegin(piece: number): boolean {
    return this.#memory.hasRoomFor(this, this.#lengthOf(piece), this.#waitedFor.has(piece))
  }

  #lengthOf(piece: number): number {
    const { pieceLength, pieces, lastPieceLength } = this.#torrent
    return piece === pieces.length - 1 ? lastPieceLength : pieceLength
  }

  #assemblyOf(piece: number, peer: Peer): Assembly<Peer> {
    const begun = this.#assemblies.get(piece)
    if (begun) return begun
    const assembly = new Assembly<Peer>(piece, this.#memory.take(this, this.#lengthOf(piece)))
    if (this.#blame.isDistrusted(piece)) assembly.boundTo = peer
    this.#assemblies.set(piece, assembly)
    return assembly
  }

  /** @param block - taken or asked for already. @returns whether the peer heard of it */
  #ask(peer: Peer, assembly: Assembly<Peer>, block: number): boolean {
    const request = { assembly, block, askedAt: performance.now(), ahead: peer.requests.length }
    peer.requests.push(request)
    let wasRefused = false
    peer.wire.request(assembly.piece, block * BLOCK_BYTES, assembly.lengthOf(block), (error, chunk) => {
      wasRefused = true
      this.#onAnswer(peer, request, error ? undefined : (chunk ?? undefined))
    })
    return !wasRefused
  }

  #onAnswer(peer: Peer, request: BlockRequest, chunk: Uint8Array | undefined): void {
    const { assembly, block } = request
    peer.requests.splice(peer.requests.indexOf(request), 1)
    assembly.unask(block)
    const isCurrent = this.#assemblies.get(assembly.piece) === assembly
    if (chunk) {
      peer.onBlock(chunk.length, request, performance.now())
      if (isCurrent) this.#put(assembly, block, chunk, peer)
      return this.#refill(peer)
    }
    this.#order.reopen(assembly.piece)
    this.#refillSoon()
  }

  /** What was called back may have been on its way; it is as good as if it had not been. */
  #onLate(peer: Peer, piece: number, block: number, chunk: Uint8Array): void {
    if (!peer.onLateBlock(chunk.length, piece, block)) return
    const assembly = this.#assemblies.get(piece)
    if (!assembly || assembly.isThere(block) || (assembly.boundTo ?? peer) !== peer) return
    if (chunk.length === assembly.lengthOf(block)) this.#put(assembly, block, chunk, peer)
  }

  #put(assembly: Assembly<Peer>, block: number, chunk: Uint8Array, peer: Peer): void {
    if (this.#torrent.destroyed) return
    assembly.put(block, chunk, peer)
    if (assembly.askedFor(block) > 0) this.#callBackOthers(assembly, block)
    if (assembly.isComplete) this.#finish(assembly)
  }

  /** A block is there: whoever else was asked for it need not send it. */
  #callBackOthers(assembly: Assembly<Peer>, block: number): void {
    for (const peer of this.#peers.values()) {
      this.#callBack(peer, (request) => request.assembly === assembly && request.block === block)
    }
  }

  #callBack(peer: Peer, which: (request: BlockRequest) => boolean): void {
    const requests = peer.requests.filter(which)
    if (requests.length === 0) return
    inOneWrite(peer.wire, () => {
      for (const request of requests) {
        const { assembly, block } = request
        peer.onCalledBack(request, performance.now())
        peer.wire.cancel(assembly.piece, block * BLOCK_BYTES, assembly.lengthOf(block))
      }
    })
  }

  #finish(assembly: Assembly<Peer>): void {
    const { piece } = assembly
    const torrent = this.#torrent
    this.#assemblies.delete(piece)
    this.#waitedFor.delete(piece)
    if (assembly.digest() !== torrent._hashes[piece]) return this.#onWrong(assembly)
    this.#accuse(this.#blame.onRight(assembly), piece)
    this.#unwritten.set(piece, assembly.bytes)
    torrent.store.put(piece, assembly.bytes, (error) => {
      this.#unwritten.delete(piece)
      this.#memory.giveBack(assembly.bytes)
      if (torrent.destroyed) return
      if (error instanceof GivenUpError) return this.reopen(piece)
      if (error) return this.#events.unwritable(error)
      torrent._markVerified(piece)
      for (const wire of torrent.wires) wire.have(piece)
      // It looks through all files: once in a while is enough to notice that they are whole.
      if (this.#unwritten.size === 0 && this.#assemblies.size === 0) torrent._checkDone()
      this.#refillSoon()
    })
  }

  #onWrong(assembly: Assembly<Peer>): void {
    const guilty = this.#blame.onWrong(assembly)
    this.#memory.giveBack(assembly.bytes)
    this.#order.reopen(assembly.piece)
    this.#accuse(guilty, assembly.piece)
    this.#refillSoon()
  }

  #accuse(guilty: readonly Peer[], piece: number): void {
    for (const { wire } of guilty) this.#events.guilty(wire, piece)
  }

  /** What only this peer could have given is begun anew, with another. */
  #unbind(peer: Peer): void {
    for (const assembly of this.#assemblies.values()) if (assembly.boundTo === peer) this.#drop(assembly)
  }

  #drop(assembly: Assembly<Peer>): void {
    this.#assemblies.delete(assembly.piece)
    this.#callBackAll(assembly)
    this.#memory.giveBack(assembly.bytes)
    this.#order.reopen(assembly.piece)
  }

  #callBackAll(assembly: Assembly<Peer>): void {
    for (const peer of this.#peers.values()) this.#callBack(peer, (request) => request.assembly === assembly)
  }

  #dropLeftBehind(): void {
    const behind = [...this.#assemblies.values()].filter(({ piece }) => !this.#order.includes(piece))
    let bytes = behind.reduce((sum, assembly) => sum + assembly.bytes.length, 0)
    for (const assembly of behind) {
      if (bytes <= LEFT_BEHIND_BYTES) return
      bytes -= assembly.bytes.length
      this.#drop(assembly)
    }
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
      if (isHeld) this.#callBack(peer, () => true)
      else this.#relieve(peer, now)
    }
    for (const { boundTo } of this.#assemblies.values())
      if (boundTo && !this.#isFit(boundTo)) this.#unbind(boundTo)
    this.#hurry(now)
    this.#refillSoon()
  }

  /** Takes back from a peer what it will not answer soon, for others to answer. */
  #relieve(peer: Peer, now: number): void {
    if (peer.isStuck || !this.#hasOther(peer)) return
    if (peer.isSilent(now)) {
      peer.isStuck = true
      this.#unbind(peer)
      this.#callBack(peer, () => true)
    } else {
      const late = new Set(peer.late)
      this.#callBack(peer, (request) => late.has(request))
    }
  }

  #hasOther(peer: Peer): boolean {
    return [...this.#peers.values()].some((other) => other !== peer && this.#isFit(other))
  }

  /** Has what readers wait for, and what does not come, asked of a second peer. */
  #hurry(now: number): void {
    const heads = new Set(this.#headsOfUrgentWindows())
    for (const piece of this.#waitedFor.keys()) if (!heads.has(piece)) this.#waitedFor.delete(piece)
    for (const piece of heads) {
      const since = this.#waitedFor.get(piece)
      if (since === undefined) this.#waitedFor.set(piece, now)
      else if (now - since >= PATIENCE_MS) {
        for (const peer of this.#peers.values()) this.#helpWith(piece, peer, now)
      }
    }
  }

  /** Asks a peer for blocks of a piece that others were asked for and that it is likely to give sooner. */
  #helpWith(piece: number, helper: Peer, now: number): void {
    const assembly = this.#assemblies.get(piece)
    if (!assembly || assembly.boundTo || !helper.isUsable || !helper.wire.peerPieces.get(piece)) return
    for (const peer of this.#peers.values()) {
      if (peer === helper) continue
      for (const [index, { assembly: asked, block }] of [...peer.requests.entries()].reverse()) {
        if (asked !== assembly || assembly.askedFor(block) > 1) continue
        if (helper.etaOfNext(now) * HASTE.times + HASTE.seconds > peer.etaOf(index, now)) break
        assembly.ask(block)
        this.#ask(helper, assembly, block)
      }
    }
  }

  /** The first missing piece of each urgent window: what its reader waits for. */
  #headsOfUrgentWindows(): number[] {
    return this.#windows.flatMap(({ from, to, priority }) => {
      if (priority !== 'urgent') return []
      let piece = from
      while (piece <= to && this.#torrent.bitfield.get(piece)) piece++
      return piece <= to ? [piece] : []
    })
  }
}
