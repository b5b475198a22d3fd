import { basename } from 'node:path'
import type { TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import { matchFiles } from '../domain/names/match-files.ts'
import type { Skipped } from './report.ts'
import { findSource, type SourceFile } from './source-files.ts'

export interface FoundTorrentFiles {
  /** by index of the torrent's file, of equal length; empty files are left out */
  readonly sources: ReadonlyMap<number, SourceFile>
  /** files of the torrent that are missing, and named files that do not belong to it */
  readonly skipped: readonly Skipped[]
}

/**
 * Matches the user's files to a torrent's.
 *
 * @param paths - files, and folders that may hold other files
 * @throws SelfStremeError `request.invalid` if a path does not exist
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
      ...strangers.map(({ path }) => ({ path, why: 'it is not a file of the torrent' })),
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
      ? `it should have ${length} bytes, but ${namesake.path} has ${namesake.stats.size}`
      : 'it is missing'
    return { path, why }
  })
}
