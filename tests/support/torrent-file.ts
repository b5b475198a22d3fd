import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { PYTHON } from './swarm.ts'

const MAKER = fileURLToPath(new URL('torrent_file.py', import.meta.url))

export interface TorrentFileOptions {
  /** file or folder */
  readonly path: string
  /** bytes */
  readonly pieceLength: number
  /** padding files between the others (BEP 47), or a hybrid of versions 1 and 2; default `plain` */
  readonly kind?: 'plain' | 'padded' | 'hybrid'
  /** paths inside the folder, in the order of the torrent */
  readonly files?: readonly string[]
}

/** A torrent file as libtorrent makes it; needs `hasSeeder`. */
export function makeTorrentFile(options: TorrentFileOptions): { infoHash: string; metainfo: Uint8Array } {
  const printed = execFileSync(PYTHON, [MAKER, JSON.stringify(options)], { encoding: 'utf8' })
  const { infoHash, torrent } = JSON.parse(printed) as { infoHash: string; torrent: string }
  return { infoHash, metainfo: Buffer.from(torrent, 'base64') }
}
