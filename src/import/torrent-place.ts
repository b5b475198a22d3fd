import { stat } from 'node:fs/promises'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { SelfStremeError } from '../domain/errors.ts'
import { type FoundFolder, readFolder } from '../storage/folder-state.ts'
import { isOurs } from '../storage/mark.ts'
import { filePaths, type Grounds, locateFolder, readLocation } from '../storage/torrent-folder.ts'

/** Where a torrent lies, or would. */
export interface TorrentPlace {
  readonly directory: string
  /** there is a folder of ours */
  readonly isThere: boolean
  /** what is in it, if it can be read */
  readonly found: FoundFolder | undefined
  /** files in it of which nothing is missing, by their index */
  readonly whole: ReadonlySet<number>
}

/** @throws SelfStremeError `disk.failed` if it lies under an extra path that is not there */
export async function findPlace(grounds: Grounds, infoHash: InfoHash): Promise<TorrentPlace> {
  const elsewhere = await readLocation(grounds, infoHash)
  const directory = elsewhere ?? (await locateFolder(grounds.root, infoHash))
  const isThere = await isOurs(directory)
  if (elsewhere !== undefined && !isThere)
    throw new SelfStremeError('disk.failed', `${infoHash} lies in ${elsewhere}, which is not there now`)
  const found = isThere ? await readFolder(directory, infoHash) : undefined
  return { directory, isThere, found, whole: new Set(found && (await wholeFilesIn(found))) }
}

/** Files that are what they were when they became whole. */
async function wholeFilesIn({ directory, info, state }: FoundFolder): Promise<number[]> {
  const paths = filePaths(directory, info)
  const looked = await Promise.all(
    Object.entries(state.whole).map(async ([index, whole]) => {
      const stats = await stat(paths[Number(index)] ?? '').catch(() => undefined)
      return stats?.size === whole.size && stats.mtimeMs === whole.mtimeMs ? [Number(index)] : []
    }),
  )
  return looked.flat()
}
