import { createHash } from 'node:crypto'
import { sep } from 'node:path'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { localFileId } from '../domain/bittorrent/local-file-id.ts'

/**
 * The id of a file that is in no torrent. It stays the same after a restart, and when the folder is moved.
 *
 * @param folder - identifies the folder among the others
 * @param path - relative to that folder
 */
export function localIdOf(folder: string, path: string): InfoHash {
  // Accented letters have two encodings (NFC, NFD), and file systems differ in which they return.
  const named = ['self-streme', folder, path.split(sep).join('/')].join('\0').normalize()
  return localFileId(createHash('sha1').update(named).digest('hex'))
}
