import type { FileSelection } from '../domain/bittorrent/file-selection.ts'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { parseMagnet } from '../domain/bittorrent/magnet.ts'
import type { TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import { SelfStremeError } from '../domain/errors.ts'
import { MAX_TORRENT_FILE_BYTES, readTorrentFile } from '../storage/torrent-file.ts'

/** Which torrent somebody means, and what they know of it. */
export interface TorrentSource {
  readonly infoHash: InfoHash
  /** as they came */
  readonly trackers: readonly string[]
  /** which of its files a magnet link means */
  readonly selected?: FileSelection | undefined
  /** both or none of them */
  readonly info?: TorrentInfo
  readonly metainfo?: Uint8Array
}

/** @throws SelfStremeError `request.invalid` */
export function sourceOfMagnet(text: string): TorrentSource {
  const magnet = parseMagnet(text)
  if (!magnet) {
    const what = /^magnet:/i.test(text)
      ? 'names no info hash of BitTorrent v1 (xt=urn:btih:…)'
      : 'is neither magnet link nor info hash'
    throw new SelfStremeError('request.invalid', `"${text.slice(0, 80)}" ${what}`)
  }
  const { infoHash, trackers, selected } = magnet
  return { infoHash, trackers, selected }
}

/** @throws SelfStremeError `request.invalid` */
export async function sourceOfFile(bytes: Uint8Array): Promise<TorrentSource> {
  if (bytes.length > MAX_TORRENT_FILE_BYTES)
    throw new SelfStremeError('request.invalid', `no torrent file has ${bytes.length} bytes`)
  try {
    return await readTorrentFile(bytes)
  } catch (cause) {
    const why = cause instanceof SelfStremeError ? cause.message : String(cause)
    throw new SelfStremeError('request.invalid', `this is no torrent file: ${why}`, { cause })
  }
}
