import type { Need } from '../cleanup/fits.ts'
import type { TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import { wantedFiles } from '../domain/choice/wanted-files.ts'
import type { Selection } from '../domain/usage.ts'
import type { Contents } from '../storage/contents.ts'

/** The files that a selection stands for. */
export interface SelectedFiles {
  /** by index */
  readonly files: readonly number[]
  /** of all of them */
  readonly bytes: number
}

/** @throws SelfStremeError `wish.impossible` */
export function resolveSelection(info: TorrentInfo, selection: Selection): SelectedFiles {
  const { files } = info
  const wanted = wantedFiles(info, selection)
  return { files: wanted, bytes: wanted.reduce((sum, index) => sum + (files[index]?.length ?? 0), 0) }
}

/** @param contents - absent where nothing of the torrent is on disk */
export function needOfFiles({ files, bytes }: SelectedFiles, contents?: Contents): Need {
  return { bytes, missingBytes: bytes - (contents ? bytesThere(contents, files) : 0) }
}

/** How much of some files is on disk; bytes. */
export function bytesThere({ files }: Contents, indexes: readonly number[]): number {
  return indexes.reduce((sum, index) => sum + (files[index]?.bytesThere ?? 0), 0)
}

/** Whether all of a file is on disk and verified. */
export function isComplete({ files }: Contents, fileIdx: number): boolean {
  return files[fileIdx]?.wholeMtimeMs !== undefined
}
