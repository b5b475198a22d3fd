import type { TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import { wantedFiles } from '../domain/choice/wanted-files.ts'
import type { Wish } from '../domain/usage.ts'
import type { Contents } from '../storage/contents.ts'

/** What a wish means once the metadata is known. */
export interface Wanted {
  /** by index */
  readonly files: readonly number[]
  /** of all of them */
  readonly bytes: number
}

/** @throws SelfStremeError `wish.impossible` */
export function wantedOf(info: TorrentInfo, wish: Wish): Wanted {
  const { files } = info
  const wanted = wantedFiles(info, wish)
  return { files: wanted, bytes: wanted.reduce((sum, index) => sum + (files[index]?.length ?? 0), 0) }
}

/** How much of some files is on disk; bytes. */
export function bytesThere({ files }: Contents, indexes: readonly number[]): number {
  return indexes.reduce((sum, index) => sum + (files[index]?.bytesThere ?? 0), 0)
}
