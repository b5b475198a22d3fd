import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { TorrentFile } from '../domain/bittorrent/metainfo.ts'
import { allowedTrackers, MAX_TRACKERS } from '../domain/bittorrent/tracker-url.ts'
import { parseTorrentFile } from '../storage/torrent-file.ts'
import type { BroughtFile } from '../torrents/brought-files.ts'

/** The torrent behind a link. */
export interface LinkedTorrent {
  readonly infoHash: InfoHash
  readonly trackers: readonly string[]
  /** known if the torrent file itself was read */
  readonly files?: readonly TorrentFile[]
  /** only for a private torrent: needed to play it, with its trackers in the order of the file */
  readonly privateFile?: BroughtFile
}

/** Longer lists of files are not stored, but fetched again for playing. */
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
