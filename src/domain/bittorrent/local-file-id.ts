import type { InfoHash } from './info-hash.ts'

/** One torrent in four billion has an info hash with this prefix. */
const MARK = '5e1f51de'

/**
 * The id of a file that is in no torrent, in the form of an info hash, so that it fits into URLs and lists.
 *
 * @param digest - 40 hex digits, unique to the file
 */
export function localFileId(digest: string): InfoHash {
  return `${MARK}${digest.slice(0, 40 - MARK.length)}` as InfoHash
}

/** Whether it is such an id: then no swarm is asked for it, even if the file is missing. */
export function isLocalFileId(infoHash: InfoHash): boolean {
  return infoHash.startsWith(MARK)
}
