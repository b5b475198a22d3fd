import { writeMagnet } from '../domain/bittorrent/magnet.ts'
import { SelfStremeError } from '../domain/errors.ts'
import { CALL } from '../domain/packaged.ts'
import { readUsage } from '../storage/folder-state.ts'
import type { TorrentFileContents } from '../storage/torrent-file.ts'
import { filePaths } from '../storage/torrent-folder.ts'
import { chooseParts, type TorrentPart } from './choose-parts.ts'
import type { ImportContext } from './context.ts'
import { fillFolder } from './fill-folder.ts'
import type { How, ImportedFile, ImportReport, Skipped } from './report.ts'
import type { SourceFile } from './source-files.ts'
import { foresee } from './take-in.ts'
import { findPlace, type TorrentPlace } from './torrent-place.ts'
import { type PieceVerdict, verifyPieces } from './verify-pieces.ts'

/** A torrent, and the user's files of it. */
export interface BroughtTorrent extends TorrentFileContents {
  /** at least one, by index of the torrent's file, of equal length */
  readonly sources: ReadonlyMap<number, SourceFile>
  /** verdicts that are known already */
  readonly verdicts?: readonly PieceVerdict[]
}

/**
 * Imports the user's files as a torrent of ours, as if downloaded: in a folder of its own, pinned. A complete file may
 * be hard-linked; a file with only some correct pieces is copied, so that the rest can be downloaded into the copy. If
 * no file is complete, nothing is imported.
 *
 * Into an existing folder of ours, only complete files are brought. A running server does not expect that, so there
 * must be none.
 *
 * @throws SelfStremeError `folder.in_use`, `disk.full`, `disk.failed`, `media.damaged`; the signal's reason, and the
 * system's errors
 */
export async function importTorrent(
  torrent: BroughtTorrent,
  context: ImportContext,
  signal: AbortSignal,
): Promise<ImportReport> {
  const { infoHash, sources } = torrent
  const place = await findPlace(context, infoHash)
  if (!place.isThere || context.isDryRun) return bring(torrent, place, context, signal)
  using lock = await lockOut(context)
  // Looked up again: a server may have changed something before it stopped.
  if (lock) return bring(torrent, await findPlace(context, infoHash), context, signal)
  if ([...sources.keys()].every((fileIdx) => place.complete.has(fileIdx))) return alreadyThere(torrent, place)
  throw new SelfStremeError(
    'folder.in_use',
    `the server has a part of ${infoHash} already: stop the server and import again, or remove that part first (${CALL} rm ${infoHash})`,
  )
}

/** @returns `undefined` while a server is running in the folder */
async function lockOut(context: ImportContext): Promise<Disposable | undefined> {
  try {
    return await context.lock()
  } catch (error) {
    if (error instanceof SelfStremeError && error.code === 'folder.in_use') return undefined
    throw error
  }
}

async function alreadyThere(torrent: BroughtTorrent, place: TorrentPlace): Promise<ImportReport> {
  const { isPinned } = await readUsage(place.directory)
  const why = `it is not pinned, and may be removed: ${CALL} pin ${torrent.infoHash}`
  return report(torrent, place, [], isPinned ? [] : [{ path: place.directory, why }])
}

async function bring(
  torrent: BroughtTorrent,
  place: TorrentPlace,
  context: ImportContext,
  signal: AbortSignal,
): Promise<ImportReport> {
  const { info, sources } = torrent
  const missing = new Map([...sources].filter(([fileIdx]) => !place.complete.has(fileIdx)))
  const verdicts = missing.size === 0 ? [] : (torrent.verdicts ?? (await verify()))
  const { parts, skipped } = chooseParts(info, missing, verdicts, !place.isThere)
  if (parts.length === 0 && missing.size === sources.size) return { imported: [], skipped }
  const filling = { torrent, parts, verdicts }
  const hows = context.isDryRun
    ? await foresee(parts.map(asTaking), context)
    : await fillFolder(place, filling, context, signal)
  const brought = parts.map((part, index) => ({ ...part, how: hows[index] ?? 'copy' }))
  return report(torrent, place, brought, skipped)

  /** Complete files in the folder are read too, for the pieces that they share with imported files. */
  function verify(): Promise<PieceVerdict[]> {
    const paths = filePaths(place.directory, info)
    const there = [...place.complete].map((fileIdx) => [fileIdx, paths[fileIdx] ?? ''] as const)
    const given = [...missing].map(([fileIdx, { realPath }]) => [fileIdx, realPath] as const)
    return verifyPieces(info, Object.fromEntries([...there, ...given]), context, signal)
  }

  function asTaking({ source, missingBytes }: TorrentPart) {
    return { source, to: place.directory, mayLink: missingBytes === 0 }
  }
}

function report(
  { info, infoHash, trackers, sources }: BroughtTorrent,
  { directory, complete }: TorrentPlace,
  brought: readonly (TorrentPart & { readonly how: How })[],
  skipped: readonly Skipped[],
): ImportReport {
  const paths = filePaths(directory, info)
  const files = [...sources].flatMap(([fileIdx, { path, stats }]): ImportedFile[] => {
    const part = brought.find((each) => each.fileIdx === fileIdx)
    if (!part && !complete.has(fileIdx)) return []
    const file = {
      from: path,
      to: paths[fileIdx] ?? '',
      how: part?.how ?? 'already there',
      bytes: stats.size,
    }
    return [part && part.missingBytes > 0 ? { ...file, missingBytes: part.missingBytes } : file]
  })
  // Trackers of a private torrent contain the user's passkey, and a report may be shared.
  const magnet = writeMagnet(infoHash, info.isPrivate ? [] : trackers)
  return { imported: [{ infoHash, magnet, directory, files }], skipped }
}
