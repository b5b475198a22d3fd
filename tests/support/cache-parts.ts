import { FolderWatch } from '../../src/files/folder-watch.ts'
import type { Log } from '../../src/observe/log.ts'
import { openPlacedFiles, type PlacedFiles } from '../../src/placed/placed-files.ts'
import { PLACED_TABLE } from '../../src/placed/placed-marks.ts'
import { IndexDatabase } from '../../src/torrent-index/index-database.ts'
import { type CacheIndex, openCacheIndex } from '../../src/torrent-index/torrent-index.ts'
import { INDEX_TABLE } from '../../src/torrent-index/torrent-table.ts'
import { DownloadFolderWatch } from '../../src/torrent-index/watch-download-folder.ts'

/** The server's view of a download folder, without the rest of the server. */
export interface CacheParts extends AsyncDisposable {
  readonly index: CacheIndex
  readonly placed: PlacedFiles
  /** every logged line, as level and message */
  readonly logged: readonly string[]
}

export interface CachePartsOptions {
  readonly viewers?: { readonly areThere: boolean }
  /** default true; without it, only a check notices changes */
  readonly isWatched?: boolean
  /** default: no limits */
  readonly extraPaths?: readonly string[]
}

/** Opens it as the server does. */
export async function openCacheParts(root: string, options: CachePartsOptions = {}): Promise<CacheParts> {
  const { viewers = { areThere: false }, isWatched = true, extraPaths = [] } = options
  await using opening = new AsyncDisposableStack()
  const logged: string[] = []
  const at = (level: string) => (message: string) => void logged.push(`${level}: ${message}`)
  const log: Log = { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') }
  const database = opening.use(new IndexDatabase(root, [INDEX_TABLE, PLACED_TABLE], log))
  const watch = opening.use(new FolderWatch(log))
  if (!isWatched) watch.add = () => undefined
  const index = opening.use(await openCacheIndex({ root, extraPaths }, database, log))
  const placed = opening.use(await openPlacedFiles({ root, database, watch, torrents: index, viewers }, log))
  opening.use(new DownloadFolderWatch(root, { watch, torrents: index, placed }, log))
  const parts = opening.move()
  return { index, placed, logged, [Symbol.asyncDispose]: () => parts.disposeAsync() }
}
