import type { Torrent } from 'webtorrent'
import { pieceHashAt, pieceLengthAt, type TorrentInfo } from '../../../domain/bittorrent/metainfo.ts'
import { type Segment, segmentsOf } from '../../../domain/bittorrent/segments.ts'
import { GivenUpError } from '../disk.ts'
import type { PieceHolder, PieceMemory } from '../piece-memory.ts'
import { Assembly, BLOCK_BYTES } from './assembly.ts'
import { Blame } from './blame.ts'
import type { Peer } from './peer.ts'

/** Limit for unfinished pieces outside all windows, which are kept because a viewer may return to them. */
const LEFT_BEHIND_BYTES = 16 * 1024 * 1024

export interface AssembliesParts {
  readonly torrent: Torrent
  /** its metadata, which is known before anything is fetched */
  readonly infoOf: () => TorrentInfo | undefined
  /** shared by all torrents */
  readonly memory: PieceMemory
  /** this torrent as a user of the memory */
  readonly holder: PieceHolder
}

export interface AssembliesEvents {
  /** The peer sent wrong bytes. */
  guilty(peer: Peer, piece: number): void
  /** A piece cannot be kept, and waiting does not help. */
  unwritable(error: Error): void
  /** Blocks of a piece are about to be requested. */
  begun(piece: number): void
  /** All blocks of a piece have arrived. */
  complete(piece: number): void
  /** A piece has to be fetched again. */
  reopened(piece: number): void
  /** An incomplete piece was dropped: its requests have to be cancelled. */
  dropped(assembly: Assembly<Peer>): void
  /** A piece is on disk. */
  stored(): void
}

/** The pieces of a torrent that are being assembled, checked and written. */
export class Assemblies implements Disposable {
  readonly #torrent: Torrent
  readonly #infoOf: () => TorrentInfo | undefined
  readonly #memory: PieceMemory
  readonly #holder: PieceHolder
  readonly #events: AssembliesEvents
  readonly #begun = new Map<number, Assembly<Peer>>()
  /** complete pieces that are being written */
  readonly #unwritten = new Map<number, Buffer>()
  readonly #blame = new Blame<Peer>()
  /** pieces whose padding is not zeros, and so has to be fetched */
  readonly #oddlyPadded = new Set<number>()

  constructor({ torrent, infoOf, memory, holder }: AssembliesParts, events: AssembliesEvents) {
    this.#torrent = torrent
    this.#infoOf = infoOf
    this.#memory = memory
    this.#holder = holder
    this.#events = events
  }

  get begun(): Iterable<Assembly<Peer>> {
    return this.#begun.values()
  }

  get unwritten(): Iterable<readonly [piece: number, bytes: Buffer]> {
    return this.#unwritten
  }

  get(piece: number): Assembly<Peer> | undefined {
    return this.#begun.get(piece)
  }

  /** Whether blocks of a piece still have to be requested. */
  isOpen(piece: number): boolean {
    if (this.#torrent.bitfield.get(piece) || this.#unwritten.has(piece)) return false
    return this.#begun.get(piece)?.hasFree ?? true
  }

  /** Whether a piece had a wrong hash before: then it is fetched from a single peer. */
  isDistrusted(piece: number): boolean {
    return this.#blame.isDistrusted(piece)
  }

  /** Whether a peer gave blocks of a piece with a wrong hash. */
  isSuspect(piece: number, peer: Peer): boolean {
    return this.#blame.isSuspect(piece, peer)
  }

  blocksIn(piece: number): number {
    return Math.ceil(this.#lengthOf(piece) / BLOCK_BYTES)
  }

  /** @param isWaitedFor - by a viewer. @returns whether there is memory for one more piece */
  mayBegin(piece: number, isWaitedFor: boolean): boolean {
    return this.#memory.hasRoomFor(this.#holder, this.#lengthOf(piece), isWaitedFor)
  }

  /** The assembly of a piece; it is begun if there is none. */
  of(piece: number, peer: Peer): Assembly<Peer> {
    const begun = this.#begun.get(piece)
    if (begun) return begun
    const assembly = new Assembly<Peer>(piece, this.#memory.take(this.#holder, this.#lengthOf(piece)))
    if (!this.#oddlyPadded.has(piece)) for (const part of this.#paddingIn(piece)) assembly.fillZeros(part)
    if (this.isDistrusted(piece)) assembly.boundTo = peer
    this.#begun.set(piece, assembly)
    this.#events.begun(piece)
    return assembly
  }

  /** A block has arrived. @returns whether it was still needed */
  put(assembly: Assembly<Peer>, block: number, chunk: Uint8Array, peer: Peer): boolean {
    if (this.#torrent.destroyed || this.#begun.get(assembly.piece) !== assembly) return false
    assembly.put(block, chunk, peer)
    return true
  }

  /** Checks a complete piece, and has it stored. */
  finish(assembly: Assembly<Peer>): void {
    const { piece, bytes } = assembly
    const torrent = this.#torrent
    this.#begun.delete(piece)
    this.#events.complete(piece)
    if (!assembly.digest().equals(pieceHashAt(this.#info, piece))) return this.#onWrong(assembly)
    this.#accuse(this.#blame.onRight(assembly), piece)
    this.#unwritten.set(piece, bytes)
    torrent.store.put(piece, bytes, (error) => {
      this.#unwritten.delete(piece)
      this.#memory.giveBack(bytes)
      if (torrent.destroyed) return
      if (error instanceof GivenUpError) return this.#events.reopened(piece)
      if (error) return this.#events.unwritable(error)
      torrent._markVerified(piece)
      for (const wire of torrent.wires) wire.have(piece)
      // It scans all files, so it is only called when nothing more is in progress.
      if (this.#unwritten.size === 0 && this.#begun.size === 0) torrent._checkDone()
      this.#events.stored()
    })
  }

  drop(assembly: Assembly<Peer>): void {
    this.#begun.delete(assembly.piece)
    this.#events.dropped(assembly)
    this.#memory.giveBack(assembly.bytes)
  }

  /** Drops pieces that only this peer may give, so that another one is asked. */
  dropBoundTo(peer: Peer): void {
    for (const assembly of [...this.begun]) if (assembly.boundTo === peer) this.drop(assembly)
  }

  /** Drops pieces that are no longer wanted, beyond a limit. */
  dropLeftBehind(isWanted: (piece: number) => boolean): void {
    const behind = [...this.begun].filter(({ piece }) => !isWanted(piece))
    let bytes = behind.reduce((sum, assembly) => sum + assembly.bytes.length, 0)
    for (const assembly of behind) {
      if (bytes <= LEFT_BEHIND_BYTES) return
      bytes -= assembly.bytes.length
      this.drop(assembly)
    }
  }

  [Symbol.dispose](): void {
    for (const { bytes } of this.begun) this.#memory.giveBack(bytes)
    this.#begun.clear()
  }

  get #info(): TorrentInfo {
    const info = this.#infoOf()
    if (!info) throw new Error('a piece was requested before the metadata was known')
    return info
  }

  #lengthOf(piece: number): number {
    return pieceLengthAt(this.#info, piece)
  }

  /** Padding is known to be zeros, and is not requested. */
  #paddingIn(piece: number): Segment[] {
    const info = this.#info
    return [...segmentsOf(info, piece)].filter(({ file }) => info.files[file]?.isPadding)
  }

  #onWrong(assembly: Assembly<Peer>): void {
    const { piece, bytes, hasZeros } = assembly
    // The padding may be wrong, and then no peer is guilty.
    const guilty = hasZeros ? [] : this.#blame.onWrong(assembly)
    if (hasZeros) this.#oddlyPadded.add(piece)
    this.#memory.giveBack(bytes)
    this.#accuse(guilty, piece)
    this.#events.reopened(piece)
  }

  #accuse(guilty: readonly Peer[], piece: number): void {
    for (const peer of guilty) this.#events.guilty(peer, piece)
  }
}
