import { inTurns } from '../../lib/in-turns.ts'
import { readPackInTurns } from '../choice/pack.ts'
import { nameFilesInTurns } from './file-names.ts'
import { parsing, parsingInfo, type TorrentInfo } from './metainfo.ts'

/**
 * Reads metadata while requests are answered: 10 MB of it, with 10 000 long names, take seconds. The names of its files
 * are also read, so that choosing a file or naming it on disk does not have to.
 *
 * @throws SelfStremeError `torrent.invalid`, saying what was expected
 */
export async function readTorrentInfo(bytes: Uint8Array): Promise<TorrentInfo> {
  return named(await inTurns(parsing(bytes)))
}

/** The same for the value of "info" alone. @throws as {@link readTorrentInfo} */
export async function readInfo(encoded: Uint8Array): Promise<TorrentInfo> {
  return named(await inTurns(parsingInfo(encoded)))
}

async function named(info: TorrentInfo): Promise<TorrentInfo> {
  await nameFilesInTurns(info.files)
  await readPackInTurns(info)
  return info
}
