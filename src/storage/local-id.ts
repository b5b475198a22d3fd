import { createHash } from 'node:crypto'
import { sep } from 'node:path'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { localFileId } from '../domain/bittorrent/local-file-id.ts'

/**
 * The id of a file that is in no torrent: the same after a restart, and when the folder has moved.
 *
 * @param folder - what tells its folder from others
 * @param path - from that folder on
 */
export function localIdOf(folder: string, path: string): InfoHash {
  // Letters with marks can be written in two ways, and disks differ in which.
  const named = ['self-streme', folder, path.split(sep).join('/')].join('\0').normalize()
  return localFileId(createHash('sha1').update(named).digest('hex'))
}
