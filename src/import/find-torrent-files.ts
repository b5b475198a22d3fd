import { basename } from 'node:path'
import type { TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import { matchFiles } from '../domain/names/match-files.ts'
import type { Skipped } from './report.ts'
import { findSource, type SourceFile } from './source-files.ts'

export interface FoundTorrentFiles {
  /** by the index of the torrent's file, of its length; none without bytes */
  readonly sources: ReadonlyMap<number, SourceFile>
  /** files of the torrent that are missing, and files that were named and are not the torrent's */
  readonly skipped: readonly Skipped[]
}

/**
 * Finds out which of the user's files is which of a torrent's.
 *
 * @param paths - of files, and of folders that may hold others as well
 * @throws SelfStremeError `request.invalid` where there is no such thing
 */
export async function findTorrentFiles(
  info: TorrentInfo,
  paths: readonly string[],
): Promise<FoundTorrentFiles> {
  const given = await Promise.all(paths.map((path) => findSource(path, { withHidden: true })))
  const offered = given.flatMap(({ files }) => files)
  const matched = matchFiles(
    info,
    offered.map(({ path, stats }) => ({ path, length: stats.size })),
  )
  const sources = new Map<number, SourceFile>()
  for (const [fileIdx, index] of matched.entries()) {
    const source = index === undefined ? undefined : offered[index]
    if (source) sources.set(fileIdx, source)
  }
  const used = new Set(sources.values())
  const strangers = given.filter(({ isFolder, files }) => !isFolder && files.some((file) => !used.has(file)))
  return {
    sources,
    skipped: [
      ...given.flatMap(({ unusable }) => unusable),
      ...strangers.map(({ path }) => ({ path, why: 'it is none of the files of the torrent' })),
      ...missingFiles(info, sources, offered),
    ],
  }
}

function missingFiles(
  { files }: TorrentInfo,
  sources: ReadonlyMap<number, SourceFile>,
  offered: readonly SourceFile[],
): Skipped[] {
  const missing = files.filter(
    ({ isPadding, length }, fileIdx) => !isPadding && length > 0 && !sources.has(fileIdx),
  )
  return missing.map(({ path, name, length }) => {
    const namesake = offered.find((file) => basename(file.path) === name)
    const why = namesake
      ? `it has ${length} bytes in the torrent, and ${namesake.stats.size} in ${namesake.path}`
      : 'it is missing'
    return { path, why }
  })
}
