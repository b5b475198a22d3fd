import type { Contents } from '../../src/storage/contents.ts'
import { readTorrent } from '../../src/storage/read-folder.ts'

/** Whether every file of a torrent is complete, judged by the index of its folder; padding does not count. */
export async function isComplete(contents: Contents | undefined): Promise<boolean> {
  if (!contents) throw new Error('nothing is known of the torrent')
  const { infoHash, directory, files } = contents
  const torrent = await readTorrent(directory, infoHash)
  if (!torrent) throw new Error(`${directory} has no metadata`)
  return torrent.info.files.every(
    ({ isPadding, length }, index) => isPadding || length === 0 || files[index]?.wholeMtimeMs !== undefined,
  )
}
