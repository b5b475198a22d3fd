import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { SelfStremeError } from '../domain/errors.ts'
import { atOnce, inTurns } from '../domain/in-turns.ts'
import type { InfoHash } from '../domain/info-hash.ts'
import { type MetainfoParts, parsingInfo, splitting, type TorrentInfo, wrapInfo } from '../domain/metainfo.ts'
import { readInfo } from '../domain/read-torrent-info.ts'

/** No honest torrent file is longer: 100 000 pieces take 2 MB, 10 000 files with long names as much again. */
export const MAX_TORRENT_FILE_BYTES = 16 * 1024 * 1024

/** A torrent file that somebody brought. */
export interface TorrentFileContents {
  readonly infoHash: InfoHash
  readonly info: TorrentInfo
  /** with nothing but `info` in it */
  readonly metainfo: Uint8Array
  /** as they stand in it */
  readonly trackers: readonly string[]
}

/**
 * The bytes of a file that is said to be a torrent file. What cannot be one is not read: a pipe may never say anything,
 * and a film is long.
 *
 * @throws SelfStremeError `torrent.invalid`; the system's error
 */
export async function loadTorrentFile(path: string): Promise<Uint8Array> {
  const file = await stat(path)
  if (!file.isFile()) throw new SelfStremeError('torrent.invalid', `${path} is not a file`)
  if (file.size > MAX_TORRENT_FILE_BYTES)
    throw new SelfStremeError('torrent.invalid', `${path} is no torrent file: it has ${file.size} bytes`)
  return readFile(path)
}

/**
 * Reads a torrent file while requests are answered, the names of its files as well.
 *
 * @throws SelfStremeError `torrent.invalid`, saying what was expected
 */
export async function readTorrentFile(bytes: Uint8Array): Promise<TorrentFileContents> {
  const parts = await inTurns(splitting(bytes))
  return withParts(await readInfo(parts.info), parts)
}

/** The same at once, for a small one or in a thread. @throws as {@link readTorrentFile} */
export function parseTorrentFile(bytes: Uint8Array): TorrentFileContents {
  const parts = atOnce(splitting(bytes))
  return withParts(atOnce(parsingInfo(parts.info)), parts)
}

function withParts(info: TorrentInfo, { info: encoded, trackers }: MetainfoParts): TorrentFileContents {
  const infoHash = createHash('sha1').update(encoded).digest('hex') as InfoHash
  return { infoHash, info, metainfo: wrapInfo(encoded), trackers }
}
