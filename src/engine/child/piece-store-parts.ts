import type { Refusal } from '../../disk/disk-errors.ts'
import type { TorrentInfo } from '../../domain/bittorrent/metainfo.ts'
import type { FileId } from '../../files/file-id.ts'
import type { ByteGate } from '../../lib/byte-gate.ts'
import type { Disk } from './disk.ts'

/** Limits the work for peers that ask for pieces, of all torrents together. */
export interface UploadGates {
  /** by the bytes that are being read */
  readonly reads: ByteGate
  /** by the pieces that are being hashed */
  readonly checks: ByteGate
}

export interface PieceStoreOptions {
  readonly info: TorrentInfo
  readonly directory: string
  /** pieces that an earlier run noted as verified */
  readonly claimed: Iterable<number>
  /** shared by all torrents that are written to it */
  readonly disk: Disk
  /** shared by all torrents */
  readonly gates: UploadGates
}

export interface PieceStoreEvents {
  /** This file is read and written from now on. Called again when the file is replaced. */
  opened(file: number, id: FileId, changedAt: number): void
  /** As `OwnWritesEvents` has it, of one file. */
  wrote(file: number, changedAt: number, isWriting: boolean): void
  /** Another program has changed a file: its pieces are hashed again before they are handed out. */
  changed(file: number): void
  /** A claimed piece has a wrong hash. */
  damaged(piece: number): void
  /** These pieces were in a file that was removed. */
  gone(pieces: readonly number[]): void
  /** The disk refuses a piece, which waits until the disk takes it. */
  diskFull(refusal: Refusal): void
  /** No piece waits any more. */
  diskReady(): void
  /** A copy is about to take the place of a file that is the user's; it does so when this resolves. */
  replacing(file: number, copy: FileId): Promise<void>
}
