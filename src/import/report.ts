import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { CloneMethod } from '../files/clone-file.ts'

/** How a file came into the download folder. */
export type How = 'hard link' | CloneMethod | 'already there'

export interface ImportedFile {
  /** the user's */
  readonly from: string
  /** in the download folder */
  readonly to: string
  readonly how: How
  /** length of the file */
  readonly bytes: number
  /** absent when it is whole: so many of them are not what the torrent says, or cannot be checked */
  readonly missingBytes?: number
}

/** What is served under one info hash from now on. */
export interface Imported {
  readonly infoHash: InfoHash
  readonly magnet: string
  /** the folder of the torrent, or where files with the info hash in their names lie */
  readonly directory: string
  readonly files: readonly ImportedFile[]
}

/** Something that was not imported: a path, or a file of the torrent that nobody gave. */
export interface Skipped {
  readonly path: string
  readonly why: string
}

export interface ImportReport {
  readonly imported: readonly Imported[]
  readonly skipped: readonly Skipped[]
}
