import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { SelfStremeError } from '../domain/errors.ts'
import { statIfThere } from '../files/if-there.ts'
import { isUnchanged } from '../files/same-file.ts'
import { isOurs } from '../storage/mark.ts'
import { type FoundFolder, readFolder } from '../storage/read-folder.ts'
import { filePaths, type Grounds, locateFolder, readLocation } from '../storage/torrent-folder.ts'

/** Where a torrent is, or would be. */
export interface TorrentPlace {
  readonly directory: string
  /** a folder of ours exists */
  readonly isThere: boolean
  /** its content, if it can be read */
  readonly found: FoundFolder | undefined
  /** complete files in it, by index */
  readonly complete: ReadonlySet<number>
}

/** @throws SelfStremeError `disk.failed` if it is under an extra path that is unavailable */
export async function findPlace(grounds: Grounds, infoHash: InfoHash): Promise<TorrentPlace> {
  const elsewhere = await readLocation(grounds, infoHash)
  const directory = elsewhere ?? (await locateFolder(grounds.root, infoHash))
  const isThere = await isOurs(directory)
  if (elsewhere !== undefined && !isThere)
    throw new SelfStremeError('disk.failed', `${infoHash} is in ${elsewhere}, which is not available`)
  const found = isThere ? await readFolder(directory, infoHash) : undefined
  return { directory, isThere, found, complete: new Set(found && (await completeFilesIn(found))) }
}

/** Files that are unchanged since completion. */
async function completeFilesIn({ directory, info, state }: FoundFolder): Promise<number[]> {
  const paths = filePaths(directory, info)
  const looked = await Promise.all(
    Object.entries(state.whole).map(async ([index, whole]) => {
      const stats = await statIfThere(paths[Number(index)] ?? '')
      return isUnchanged(stats, whole) ? [Number(index)] : []
    }),
  )
  return looked.flat()
}
