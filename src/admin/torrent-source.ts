import type { FileSelection } from '../domain/bittorrent/file-selection.ts'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { parseMagnet } from '../domain/bittorrent/magnet.ts'
import type { TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import { SelfStremeError } from '../domain/errors.ts'
import { MAX_TORRENT_FILE_BYTES, readTorrentFile } from '../storage/torrent-file.ts'

/** A torrent that was named by a link or a file, and what that says about it. */
export interface TorrentSource {
  readonly infoHash: InfoHash
  /** as given, unchecked */
  readonly trackers: readonly string[]
  /** the files that a magnet link selects */
  readonly selected?: FileSelection | undefined
  /** of a torrent file; both or neither */
  readonly info?: TorrentInfo
  readonly metainfo?: Uint8Array
}

/** @throws SelfStremeError `request.invalid` */
export function sourceOfMagnet(text: string): TorrentSource {
  const magnet = parseMagnet(text)
  if (!magnet) {
    const what = /^magnet:/i.test(text)
      ? 'has no info hash of BitTorrent v1 (expected xt=urn:btih:…)'
      : 'is neither a magnet link nor an info hash'
    throw new SelfStremeError('request.invalid', `"${text.slice(0, 80)}" ${what}`)
  }
  const { infoHash, trackers, selected } = magnet
  return { infoHash, trackers, selected }
}

/** @throws SelfStremeError `request.invalid` */
export async function sourceOfFile(bytes: Uint8Array): Promise<TorrentSource> {
  if (bytes.length > MAX_TORRENT_FILE_BYTES)
    throw new SelfStremeError('request.invalid', `${bytes.length} bytes are too many for a torrent file`)
  try {
    return await readTorrentFile(bytes)
  } catch (cause) {
    const why = cause instanceof SelfStremeError ? cause.message : String(cause)
    throw new SelfStremeError('request.invalid', `not a torrent file: ${why}`, { cause })
  }
}
