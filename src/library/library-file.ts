import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { LibraryName } from '../domain/names/library-name.ts'

/** A video on disk: of a torrent, placed for one, or in a media folder. */
export interface LibraryFile {
  /** of the torrent; for a file that is in none, a made-up id */
  readonly infoHash: InfoHash
  /** counted over all files of the torrent; absent if the file stands for the torrent as such */
  readonly fileIdx?: number
  /** It is in no torrent: only this server has it. */
  readonly isLocal: boolean
  readonly name: string
  /** with folders, separated by `/` */
  readonly path: string
  /** bytes */
  readonly size: number
  /** when it was added, epoch ms */
  readonly addedAt: number
  readonly about: LibraryName
  /** known catalogue ids of the film or series: `tt1375666` */
  readonly ids: readonly string[]
}
