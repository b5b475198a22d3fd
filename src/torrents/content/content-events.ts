import type { Contents } from '../../storage/contents.ts'

/** What the files of a torrent report. */
export interface ContentEvents {
  /** The bytes of a piece on disk are wrong. */
  damaged(piece: number): void
  /** The engine writes to a file that is no longer in the folder: what it writes is lost. */
  lost(): void
  /** A file is complete, and synced to the disk. */
  complete(fileIdx: number): void
  /** There is more or less on disk than before. */
  changed(contents: Contents): void
}
