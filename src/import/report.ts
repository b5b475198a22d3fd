import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { CloneMethod } from '../files/clone-file.ts'

/** How a file got into the download folder. */
export type How = 'hard link' | CloneMethod | 'already there'

export interface ImportedFile {
  /** the user's */
  readonly from: string
  /** in the download folder */
  readonly to: string
  readonly how: How
  /** length of the file */
  readonly bytes: number
  /** bytes that are wrong or cannot be checked; absent if the file is complete */
  readonly missingBytes?: number
}

/** What is served under one info hash after the import. */
export interface Imported {
  readonly infoHash: InfoHash
  readonly magnet: string
  /** the folder of the torrent, or the folder of the files with the info hash in their names */
  readonly directory: string
  readonly files: readonly ImportedFile[]
}

/** What was not imported: a path, or a file of the torrent that was not provided. */
export interface Skipped {
  readonly path: string
  readonly why: string
}

export interface ImportReport {
  readonly imported: readonly Imported[]
  readonly skipped: readonly Skipped[]
}
