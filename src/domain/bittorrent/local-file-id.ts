import type { InfoHash } from './info-hash.ts'

/** Of torrents, one in four billions has an info hash that begins so. */
const MARK = '5e1f51de'

/**
 * The id of a file that is in no torrent, in the form of an info hash, so that it has a place in URLs and lists.
 *
 * @param digest - 40 hex digits that no other file has
 */
export function localFileId(digest: string): InfoHash {
  return `${MARK}${digest.slice(0, 40 - MARK.length)}` as InfoHash
}

/** Whether it is such an id: nobody in a swarm needs to be asked for it, whether or not the file is there. */
export function isLocalFileId(infoHash: InfoHash): boolean {
  return infoHash.startsWith(MARK)
}
