import { messageOf, SelfStremeError } from '../domain/errors.ts'
import { readTorrentFile } from '../storage/torrent-file.ts'
import type { ImportContext } from './context.ts'
import { findTorrentFiles } from './find-torrent-files.ts'
import { importPlaced, type PlacedRequest } from './import-placed.ts'
import { importTorrent } from './import-torrent.ts'
import { makeTorrent, type NewTorrent } from './make-torrent.ts'
import type { ImportReport, Skipped } from './report.ts'

/** What to import. Paths are of files and folders. */
export type ImportRequest =
  /** some or all files of a torrent */
  | { readonly kind: 'torrent'; readonly paths: readonly string[]; readonly metainfo: Uint8Array }
  /** new torrents, one made from each path */
  | { readonly kind: 'create'; readonly torrents: readonly NewTorrent[] }
  /** videos that are served without a check */
  | { readonly kind: 'placed'; readonly requests: readonly PlacedRequest[] }

/**
 * Imports files that the user has, without copying them where the file system can link. A server may be running: what
 * comes into its folder appears in one step.
 *
 * @returns what was imported and what was not; of several things to import, failures are reported here
 * @throws SelfStremeError `torrent.invalid`, `request.invalid`, `folder.in_use`, `disk.full`, `disk.failed`,
 * `media.damaged`; the signal's reason, and the system's errors
 */
export async function importFiles(
  request: ImportRequest,
  context: ImportContext,
  signal: AbortSignal,
): Promise<ImportReport> {
  switch (request.kind) {
    case 'torrent': {
      const torrent = await readTorrentFile(request.metainfo)
      const { sources, skipped } = await findTorrentFiles(torrent.info, request.paths)
      if (sources.size === 0) return { imported: [], skipped }
      return withSkipped(await importTorrent({ ...torrent, sources }, context, signal), skipped)
    }
    case 'create':
      return importEach(
        request.torrents,
        async (wanted) => {
          const { torrent, skipped } = await makeTorrent(wanted, context, signal)
          return withSkipped(await importTorrent(torrent, context, signal), skipped)
        },
        signal,
      )
    case 'placed':
      return importEach(request.requests, (placed) => importPlaced(placed, context, signal), signal)
    default:
      return request satisfies never
  }
}

async function importEach<T extends { readonly path: string }>(
  items: readonly T[],
  work: (item: T) => Promise<ImportReport>,
  signal: AbortSignal,
): Promise<ImportReport> {
  const reports: ImportReport[] = []
  for (const item of items) {
    try {
      reports.push(await work(item))
    } catch (error) {
      const isExpected = error instanceof SelfStremeError || (error as NodeJS.ErrnoException).syscall
      if (!isExpected || signal.aborted) throw error
      reports.push({ imported: [], skipped: [{ path: item.path, why: messageOf(error) }] })
    }
  }
  return {
    imported: reports.flatMap(({ imported }) => imported),
    skipped: reports.flatMap(({ skipped }) => skipped),
  }
}

function withSkipped({ imported, skipped }: ImportReport, others: readonly Skipped[]): ImportReport {
  return { imported, skipped: [...others, ...skipped] }
}
