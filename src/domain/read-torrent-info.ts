import { readPackInTurns } from './choice/pack.ts'
import { nameFilesInTurns } from './file-names.ts'
import { inTurns } from './in-turns.ts'
import { parsing, type TorrentInfo } from './metainfo.ts'

/**
 * Reads metadata while requests are answered: 10 MB of it, with 10 000 long names, take seconds. The names of its files
 * are read as well, so that whoever chooses among them or names them on disk has the answer at once.
 *
 * @throws SelfStremeError `torrent.invalid`, saying what was expected
 */
export async function readTorrentInfo(bytes: Uint8Array): Promise<TorrentInfo> {
  const info = await inTurns(parsing(bytes))
  await nameFilesInTurns(info.files)
  await readPackInTurns(info)
  return info
}
