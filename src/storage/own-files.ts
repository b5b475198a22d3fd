import type { Stats } from 'node:fs'
import { basename } from 'node:path'
import { hasPiece } from '../domain/bittorrent/bitfield.ts'
import { piecesOf, type TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import { isUnchanged } from '../files/same-file.ts'
import { type FolderState, readBits, readState } from './folder-state.ts'
import { MadeFiles, type NamedFile } from './made-files.ts'
import { filePaths, filesThere } from './torrent-folder.ts'

interface TorrentsFile extends NamedFile {
  readonly fileIdx: number
  readonly path: string
}

/** The files in a torrent's folder that have names from its metadata. */
export interface OwnFiles {
  /** made by us, and unchanged since completion */
  readonly ours: readonly TorrentsFile[]
  /** paths of files that others made, or changed after completion */
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
 * Creates the record of files that we made, if the folder has none: after an upgrade, or in a copy of a folder. It is
 * derived from the other notes, once.
 *
 * @throws the system's error
 */
export async function adoptFiles(directory: string, info: TorrentInfo): Promise<void> {
  if (await MadeFiles.read(directory)) return
  const { ours } = await findOwnFiles(directory, info)
  await MadeFiles.begin(directory, ours)
}

/**
 * Without a record, a file is ours if it is noted as complete or has a noted piece. That includes correct files which
 * the user put there. In a copied folder, a file must also be named in the original's record.
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

/** Only of complete files we know what they should look like. */
function isChanged(
  { fileIdx, stats }: { readonly fileIdx: number; readonly stats: Stats },
  { whole }: FolderState,
) {
  const known = whole[fileIdx]
  return known !== undefined && !isUnchanged(stats, known)
}
