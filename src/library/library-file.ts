import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { LibraryName } from '../domain/names/library-name.ts'
import type { SubtitleName } from '../domain/names/sidecar-subtitle.ts'

/** A video on disk: of a torrent, placed for one, or in a folder of films. */
export interface LibraryFile {
  /** of the torrent; for a file that is in none, an id that stands for it */
  readonly infoHash: InfoHash
  /** counted over all files of the torrent; absent where it stands for the whole torrent */
  readonly fileIdx?: number
  /** It is in no torrent: only this server has it. */
  readonly isLocal: boolean
  readonly name: string
  /** with its folders, `/` between them */
  readonly path: string
  /** bytes */
  readonly size: number
  /** since when it is there, epoch ms */
  readonly addedAt: number
  readonly about: LibraryName
  /** those of catalogues that are known for the film or the series: `tt1375666` */
  readonly ids: readonly string[]
  /** that lie beside it */
  readonly subtitles: readonly SidecarSubtitle[]
}

/** A file with subtitles that lies beside a video. */
export interface SidecarSubtitle extends SubtitleName {
  /** on our disk */
  readonly path: string
}
