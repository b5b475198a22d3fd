import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { TorrentFile } from '../domain/bittorrent/metainfo.ts'
import { allowedTrackers, MAX_TRACKERS } from '../domain/bittorrent/tracker-url.ts'
import { parseTorrentFile } from '../storage/torrent-file.ts'

/** The torrent that a link leads to. */
export interface LinkedTorrent {
  readonly infoHash: InfoHash
  readonly trackers: readonly string[]
  /** known where the torrent file itself was read */
  readonly files?: readonly TorrentFile[]
  /** of a private torrent: what has to be known of it when it is played */
  readonly privateFile?: PrivateFile
}

/** The torrent file of a private torrent. */
export interface PrivateFile {
  /** nothing but `info` */
  readonly metainfo: Uint8Array
  /** as they stand in it */
  readonly trackers: readonly string[]
}

/** A list of more files is not kept: it is fetched again by whoever plays it. */
const MAX_FILES = 300

/** @throws SelfStremeError `torrent.invalid` */
export function readLinkedTorrent(bytes: Uint8Array): LinkedTorrent {
  const { infoHash, info, metainfo, trackers } = parseTorrentFile(bytes)
  const files = info.files.length <= MAX_FILES ? { files: info.files } : {}
  const own = { metainfo, trackers: trackers.slice(0, MAX_TRACKERS) }
  return {
    infoHash,
    trackers: allowedTrackers(trackers, []),
    ...files,
    ...(info.isPrivate && { privateFile: own }),
  }
}
