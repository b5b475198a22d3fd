import { inTurns } from '../../lib/in-turns.ts'
import { nameFilesInTurns } from './file-names.ts'
import { parsingInfo, type TorrentInfo } from './metainfo.ts'

/**
 * Reads the value of "info" for the engine, which writes files but never chooses one: this way it does not load the
 * rules for names, a twentieth of what it loads in all.
 *
 * @throws SelfStremeError `torrent.invalid`, saying what was expected
 */
export async function readNamedInfo(encoded: Uint8Array): Promise<TorrentInfo> {
  const info = await inTurns(parsingInfo(encoded))
  await nameFilesInTurns(info.files)
  return info
}
