import type { InfoHash } from '../domain/info-hash.ts'
import type { TorrentFile } from '../domain/metainfo.ts'
import { allowedTrackers } from '../domain/tracker-url.ts'
import { parseTorrentFile } from '../files/torrent-file.ts'

/** The torrent that a link leads to. */
export interface LinkedTorrent {
  readonly infoHash: InfoHash
  readonly trackers: readonly string[]
  /** known where the torrent file itself was read */
  readonly files?: readonly TorrentFile[]
}

/** A list of more files is not kept: it is fetched again by whoever plays it. */
const MOST_FILES = 300

/** @throws SelfStremeError `torrent.invalid` */
export function readLinkedTorrent(bytes: Uint8Array): LinkedTorrent {
  const { infoHash, info, trackers } = parseTorrentFile(bytes)
  const files = info.files.length <= MOST_FILES ? { files: info.files } : {}
  return { infoHash, trackers: allowedTrackers(trackers, []), ...files }
}
