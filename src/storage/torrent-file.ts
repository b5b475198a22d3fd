import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import {
  type MetainfoParts,
  parsingInfo,
  splitting,
  type TorrentInfo,
  wrapInfo,
} from '../domain/bittorrent/metainfo.ts'
import { readInfo } from '../domain/bittorrent/read-torrent-info.ts'
import { SelfStremeError } from '../domain/errors.ts'
import { atOnce, inTurns } from '../lib/in-turns.ts'

/** Half of it holds the hashes of 400 000 pieces, or 20 000 files with long names. */
export const MAX_TORRENT_FILE_BYTES = 16 * 1024 * 1024

/** A torrent file from the user or a source. */
export interface TorrentFileContents {
  readonly infoHash: InfoHash
  readonly info: TorrentInfo
  /** with nothing but `info` in it */
  readonly metainfo: Uint8Array
  /** in the order of the file */
  readonly trackers: readonly string[]
}

/**
 * The bytes of a file that should be a torrent file. Anything else is refused unread: a pipe may block forever, and a
 * video is large.
 *
 * @throws SelfStremeError `torrent.invalid`; the system's error
 */
export async function loadTorrentFile(path: string): Promise<Uint8Array> {
  const file = await stat(path)
  if (!file.isFile()) throw new SelfStremeError('torrent.invalid', `${path} is not a file`)
  if (file.size > MAX_TORRENT_FILE_BYTES)
    throw new SelfStremeError('torrent.invalid', `${path} is not a torrent file: it has ${file.size} bytes`)
  return readFile(path)
}

/**
 * Reads a torrent file, and the names of its files, in turns with other requests.
 *
 * @throws SelfStremeError `torrent.invalid`, saying what was expected
 */
export async function readTorrentFile(bytes: Uint8Array): Promise<TorrentFileContents> {
  const parts = await inTurns(splitting(bytes))
  const info = await readInfo(parts.info)
  return withParts(info, parts, await sha1(parts.info))
}

/** {@link readTorrentFile} without yielding, for small files and worker threads. @throws as {@link readTorrentFile} */
export function parseTorrentFile(bytes: Uint8Array): TorrentFileContents {
  const parts = atOnce(splitting(bytes))
  const infoHash = createHash('sha1').update(parts.info).digest('hex')
  return withParts(atOnce(parsingInfo(parts.info)), parts, infoHash)
}

/** In hex, computed off the main thread, because 16 MB take a while. */
export async function sha1(bytes: Uint8Array): Promise<string> {
  return Buffer.from(await crypto.subtle.digest('SHA-1', bytes as Uint8Array<ArrayBuffer>)).toString('hex')
}

function withParts(
  info: TorrentInfo,
  { info: encoded, trackers }: MetainfoParts,
  infoHash: string,
): TorrentFileContents {
  return { infoHash: infoHash as InfoHash, info, metainfo: wrapInfo(encoded), trackers }
}
