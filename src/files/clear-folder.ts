import { rm, rmdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import { isOurs, OURS } from '../storage/mark.ts'
import { findOwnFiles } from '../storage/own-files.ts'
import { readMetainfo, tryParse } from '../storage/torrent-folder.ts'
import { moveToFree } from './free-name.ts'

export interface Cleared {
  /** bytes freed on the disk */
  readonly freedBytes: number
  /** paths of files with names of the torrent's that are not ours, or were changed after completion */
  readonly left: readonly string[]
}

const NOTHING: Cleared = { freedBytes: 0, left: [] }

/**
 * Deletes the files of a torrent that we made, and its folder if nothing else is in it. The user's files stay. A folder
 * that is not ours is not touched.
 *
 * The mark goes last, so that a partly deleted folder is still known as ours.
 *
 * @param known - the metadata, if the folder does not contain it
 */
export async function removeFolder(directory: string, known?: TorrentInfo): Promise<Cleared> {
  if (!(await isOurs(directory))) return NOTHING
  const { ours, others } = await filesIn(directory, known)
  let freedBytes = 0
  for (const { path, stats } of ours) {
    await unlink(path)
    // Removing a hard link of the user's file frees nothing.
    if (stats.nlink === 1) freedBytes += stats.blocks * 512
  }
  await removeMark(directory)
  return { freedBytes, left: others }
}

/**
 * Gives a folder back to the user: the mark goes, the files stay. Incomplete files of ours are renamed to end in
 * `.part`, so that they are not taken for videos.
 *
 * @param complete - paths of the complete files
 */
export async function releaseFolder(directory: string, complete: ReadonlySet<string>): Promise<void> {
  if (!(await isOurs(directory))) return
  const { ours } = await filesIn(directory)
  for (const { path } of ours) if (!complete.has(path)) await moveToFree(path, `${path}.part`)
  await removeMark(directory)
}

async function filesIn(directory: string, known?: TorrentInfo) {
  const metainfo = await readMetainfo(directory)
  const info = known ?? (metainfo && (await tryParse(metainfo)))
  return info ? findOwnFiles(directory, info) : { ours: [], others: [] }
}

/** Removes the mark from a folder, and the folder if it is empty then. */
async function removeMark(directory: string): Promise<void> {
  if (!(await isOurs(directory))) return
  // Retried, because the usage file may be being written.
  await rm(join(directory, OURS), { recursive: true, force: true, maxRetries: 5 })
  await rmdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'ENOENT') throw error
  })
}
