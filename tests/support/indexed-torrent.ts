import { createHash } from 'node:crypto'
import bencode from 'bencode'

/** A torrent file as an indexer serves it. */
export interface TorrentFileFixture {
  readonly bytes: Buffer
  readonly infoHash: string
}

/** @param files - paths and lengths; together no more than one piece of 1 MiB */
export function torrentFile(
  name: string,
  files: readonly (readonly [path: string, length: number])[],
  trackers: readonly string[] = [],
): TorrentFileFixture {
  const info = {
    files: files.map(([path, length]) => ({ length, path: path.split('/') })),
    name,
    'piece length': 1024 * 1024,
    pieces: Buffer.alloc(20),
  }
  const announce =
    trackers.length > 0 ? { announce: trackers[0], 'announce-list': trackers.map((url) => [url]) } : {}
  return {
    bytes: Buffer.from(bencode.encode({ ...announce, info })),
    infoHash: createHash('sha1').update(bencode.encode(info)).digest('hex'),
  }
}
