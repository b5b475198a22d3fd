import { dirname } from 'node:path'
import type { Refusal } from '../../disk/disk-errors.ts'
import type { DiskRoom, Room } from '../../disk/disk-room.ts'
import type { InfoHash } from '../../domain/bittorrent/info-hash.ts'
import type { FetchDemand } from './fetch-plan.ts'
import { NOTES_BYTES, withRoom } from './with-room.ts'

/** A film is not started with less room than this, a piece, or what is missing of it. */
const START_BYTES = 8 * 1024 * 1024

/** The room on the disk of one torrent, and what the torrent does with it. */
export class TorrentRoom {
  readonly #room: DiskRoom
  readonly #infoHash: InfoHash
  readonly #base: string
  #refusal: Refusal | undefined

  constructor(room: DiskRoom, infoHash: InfoHash, directory: string) {
    this.#room = room
    this.#infoHash = infoHash
    this.#base = dirname(directory)
  }

  get now(): Room {
    return this.#room.in(this.#base)
  }

  /** Pieces of a torrent on this disk wait to be written. */
  get isWaitedFor(): boolean {
    return this.#room.refusalIn(this.#base) !== undefined
  }

  /** The disk became read-only, as it does when it fails: what it had not written by then is lost. */
  get isFailing(): boolean {
    return this.#refusal === 'EROFS'
  }

  /** @param demand - what would be fetched now; without it, nothing */
  want(demand: FetchDemand = { bytes: 0, neededBytes: 0 }): void {
    this.#room.want(this.#infoHash, { base: this.#base, ...demand })
  }

  spend(bytes: number): void {
    this.#room.spend(this.#base, bytes)
  }

  onRefused(refusal: Refusal): void {
    this.#refusal = refusal
    this.#room.refuse(this.#infoHash, this.#base, refusal)
  }

  onTaken(): void {
    this.#refusal = undefined
    this.#room.settle(this.#infoHash)
  }

  /** @throws SelfStremeError `disk.full`, `disk.read_only` if nothing new can be saved */
  needForNotes(): Promise<void> {
    return this.#room.need(this.#base, NOTES_BYTES)
  }

  /** @throws SelfStremeError `disk.full`, `disk.read_only` if there is too little room to start a film */
  needToStart(pieceLength: number, missingPieces: number): Promise<void> {
    const bytes = Math.max(pieceLength, Math.min(missingPieces * pieceLength, START_BYTES))
    return this.#room.need(this.#base, bytes)
  }

  /** Writes something small; makes room for it if needed. */
  note(write: () => Promise<unknown>): Promise<void> {
    return withRoom(this.#room, this.#base, write)
  }
}
