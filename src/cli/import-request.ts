import { basename } from 'node:path'
import { type InfoHash, infoHashesIn, parseInfoHash } from '../domain/bittorrent/info-hash.ts'
import { trackerHost } from '../domain/bittorrent/tracker-url.ts'
import type { ImportRequest } from '../import/import-files.ts'
import { loadTorrentFile } from '../storage/torrent-file.ts'
import { UsageError } from './command.ts'
import { typedPath } from './typed-path.ts'

interface TypedOptions {
  readonly torrent?: string | undefined
  readonly infohash?: string | undefined
  readonly create?: boolean | undefined
  readonly name?: string | undefined
  readonly tracker?: readonly string[] | undefined
}

/**
 * Parses the arguments of `import`.
 *
 * @throws UsageError; SelfStremeError or the system's error when the torrent file cannot be read
 */
export async function importRequest(
  typed: readonly string[],
  { torrent, infohash, create, name, tracker: trackers = [] }: TypedOptions,
): Promise<ImportRequest> {
  const paths = typed.map(typedPath)
  const ways = [torrent, infohash, create].filter((way) => way !== undefined)
  if (paths.length === 0) throw new UsageError('nothing to import: name a file or folder')
  if (ways.length > 1) throw new UsageError('use only one of --torrent, --infohash and --create')
  if (!create && (name !== undefined || trackers.length > 0))
    throw new UsageError('--name and --tracker need --create')

  if (torrent !== undefined)
    return { kind: 'torrent', paths, metainfo: await loadTorrentFile(typedPath(torrent)) }
  if (create) {
    mustBeName(name, paths.length)
    for (const url of trackers)
      if (trackerHost(url) === undefined) throw new UsageError(`"${url}" is not a tracker URL`)
    return { kind: 'create', torrents: paths.map((path) => ({ path, name, trackers })) }
  }
  const infoHash = infohash === undefined ? undefined : parsed(infohash)
  return {
    kind: 'placed',
    requests: paths.map((path) => ({ path, infoHash: infoHash ?? infoHashIn(path) })),
  }
}

function mustBeName(name: string | undefined, pathCount: number): void {
  if (name === undefined) return
  if (pathCount > 1) throw new UsageError('--name names one torrent, but several paths are given')
  if (name === '' || name === '.' || name === '..' || /[/\\]/.test(name))
    throw new UsageError(`"${name}" is not a valid name`)
}

function parsed(text: string): InfoHash {
  const infoHash = parseInfoHash(text)
  if (!infoHash)
    throw new UsageError(`"${text}" is not an info hash (expected 40 hex digits or 32 base32 letters)`)
  return infoHash
}

function infoHashIn(path: string): InfoHash {
  const [infoHash] = infoHashesIn(basename(path))
  if (infoHash) return infoHash
  throw new UsageError(`${path} has no info hash in its name: use --torrent, --infohash or --create`)
}
