import { rm, rmdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import { isOurs, OURS } from '../storage/mark.ts'
import { findOwnFiles } from '../storage/own-files.ts'
import { readMetainfo, tryParse } from '../storage/torrent-folder.ts'
import { moveToFree } from './free-name.ts'

export interface Cleared {
  /** bytes given back to the disk */
  readonly freedBytes: number
  /** paths of files that have a name of the torrent's, but are not ours, or were changed since they were whole */
  readonly left: readonly string[]
}

const NOTHING: Cleared = { freedBytes: 0, left: [] }

/**
 * Deletes the files of a torrent that we made, and its folder if nothing else is in it: whatever the user put there
 * stays. A folder that is not ours is not touched.
 *
 * Our own mark goes last, so that a folder whose deletion was cut short is still known as ours.
 *
 * @param known - the metadata, where that is not written down in the folder
 */
export async function removeFolder(directory: string, known?: TorrentInfo): Promise<Cleared> {
  if (!(await isOurs(directory))) return NOTHING
  const { ours, others } = await filesIn(directory, known)
  let freedBytes = 0
  for (const { path, stats } of ours) {
    await unlink(path)
    // A link to a file that the user has elsewhere gives nothing back.
    if (stats.nlink === 1) freedBytes += stats.blocks * 512
  }
  await removeMark(directory)
  return { freedBytes, left: others }
}

/**
 * Gives a folder back to the user: our mark goes, the files stay. Those of ours that are not whole get `.part` behind
 * their names, so that nobody takes them for films.
 *
 * @param whole - paths of the files that are
 */
export async function releaseFolder(directory: string, whole: ReadonlySet<string>): Promise<void> {
  if (!(await isOurs(directory))) return
  const { ours } = await filesIn(directory)
  for (const { path } of ours) if (!whole.has(path)) await moveToFree(path, `${path}.part`)
  await removeMark(directory)
}

async function filesIn(directory: string, known?: TorrentInfo) {
  const metainfo = await readMetainfo(directory)
  const info = known ?? (metainfo && (await tryParse(metainfo)))
  return info ? findOwnFiles(directory, info) : { ours: [], others: [] }
}

/** Makes a folder ours no longer, and removes it if nothing else is in it. */
async function removeMark(directory: string): Promise<void> {
  if (!(await isOurs(directory))) return
  // How it is used may be in the middle of being written down.
  await rm(join(directory, OURS), { recursive: true, force: true, maxRetries: 5 })
  await rmdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'ENOENT') throw error
  })
}
