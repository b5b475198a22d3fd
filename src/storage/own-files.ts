import type { Stats } from 'node:fs'
import { basename } from 'node:path'
import { hasPiece } from '../domain/bittorrent/bitfield.ts'
import { piecesOf, type TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import { type FolderState, readBits, readState } from './folder-state.ts'
import { MadeFiles, type NamedFile } from './made-files.ts'
import { filePaths, filesThere } from './torrent-folder.ts'

interface TorrentsFile extends NamedFile {
  readonly fileIdx: number
  readonly path: string
}

/** What lies in a torrent's folder under the names of its files. */
export interface OwnFiles {
  /** made by us, and as we left it as far as that is written down */
  readonly ours: readonly TorrentsFile[]
  /** paths of what somebody else put there, or changed since it was whole */
  readonly others: readonly string[]
}

export async function findOwnFiles(directory: string, info: TorrentInfo): Promise<OwnFiles> {
  const state = await readState(directory)
  const made = await MadeFiles.read(directory)
  const isOwn = made ? (file: TorrentsFile) => made.has(file) : await adoptable(directory, info)
  const ours: TorrentsFile[] = []
  const others: string[] = []
  const paths = filePaths(directory, info)
  const there = [...(await filesThere(directory, info))].sort(([a], [b]) => a - b)
  for (const [fileIdx, stats] of there) {
    const path = paths[fileIdx] ?? ''
    const file = { fileIdx, path, name: basename(path), stats }
    if (stats.isFile() && isOwn(file) && !isChanged(file, state)) ours.push(file)
    else others.push(path)
  }
  return { ours, others }
}

/**
 * Sees to it that it is written down which files in a folder we made. It is not in one that an earlier version left, nor
 * in one that was copied from another place: there it is found out from the other notes, once.
 *
 * @throws the system's error
 */
export async function adoptFiles(directory: string, info: TorrentInfo): Promise<void> {
  if (await MadeFiles.read(directory)) return
  const { ours } = await findOwnFiles(directory, info)
  await MadeFiles.begin(directory, ours)
}

/**
 * Where nothing else is known, a file is ours that is noted as whole, or of which a piece is noted. So are files that the
 * user put there and that are right; where the folder is a copy, its record does not name them.
 */
async function adoptable(directory: string, info: TorrentInfo): Promise<(file: TorrentsFile) => boolean> {
  const { whole } = await readState(directory)
  const pieces = await readBits(directory)
  const made = await MadeFiles.names(directory)
  return ({ fileIdx, name, stats }) => {
    const file = info.files[fileIdx]
    if (!file || stats.size > file.length || made?.has(name) === false) return false
    if (whole[fileIdx]) return true
    const { first, last } = piecesOf(info, file)
    for (let piece = first; piece <= last; piece++) if (hasPiece(pieces, piece)) return true
    return false
  }
}

/** Of a file that is not whole nothing is written down that would tell. */
function isChanged(
  { fileIdx, stats }: { readonly fileIdx: number; readonly stats: Stats },
  { whole }: FolderState,
) {
  const known = whole[fileIdx]
  return known !== undefined && (stats.size !== known.size || stats.mtimeMs !== known.mtimeMs)
}
