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
import { type Verdict, verifyPieces } from './verify-pieces.ts'

/** A torrent, and what the user has of it. */
export interface BroughtTorrent extends TorrentFileContents {
  /** at least one, by the index of the torrent's file, of its length */
  readonly sources: ReadonlyMap<number, SourceFile>
  /** what is known of the pieces already */
  readonly verdicts?: readonly Verdict[]
}

/**
 * Makes a torrent of the user's files one of ours, as if it had been fetched: in a folder of its own, pinned. A file
 * that is whole may be the user's own; one of which only some pieces are right is copied, so that the rest can be
 * fetched into the copy. Where no file is whole, nothing is imported.
 *
 * Into a folder of ours that is there already, only whole files are brought. As a server does not expect that, there
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
  // Until it stopped, a server may have done something.
  if (lock) return bring(torrent, await findPlace(context, infoHash), context, signal)
  if ([...sources.keys()].every((fileIdx) => place.whole.has(fileIdx))) return alreadyThere(torrent, place)
  throw new SelfStremeError(
    'folder.in_use',
    `a part of ${infoHash} is there already, and a server works with it: stop the server and import again, or have what there is removed first (${CALL} rm ${infoHash})`,
  )
}

/** @returns `undefined` while a server works in the folder */
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
  const missing = new Map([...sources].filter(([fileIdx]) => !place.whole.has(fileIdx)))
  const verdicts = missing.size === 0 ? [] : (torrent.verdicts ?? (await verify()))
  const { parts, skipped } = chooseParts(info, missing, verdicts, !place.isThere)
  if (parts.length === 0 && missing.size === sources.size) return { imported: [], skipped }
  const filling = { torrent, parts, verdicts }
  const hows = context.isDryRun
    ? await foresee(parts.map(asTaking), context)
    : await fillFolder(place, filling, context, signal)
  const brought = parts.map((part, index) => ({ ...part, how: hows[index] ?? 'copy' }))
  return report(torrent, place, brought, skipped)

  /** What is there helps to check the pieces that two files share. */
  function verify(): Promise<Verdict[]> {
    const paths = filePaths(place.directory, info)
    const there = [...place.whole].map((fileIdx) => [fileIdx, paths[fileIdx] ?? ''] as const)
    const given = [...missing].map(([fileIdx, { realPath }]) => [fileIdx, realPath] as const)
    return verifyPieces(info, Object.fromEntries([...there, ...given]), context, signal)
  }

  function asTaking({ source, missingBytes }: TorrentPart) {
    return { source, to: place.directory, mayLink: missingBytes === 0 }
  }
}

function report(
  { info, infoHash, trackers, sources }: BroughtTorrent,
  { directory, whole }: TorrentPlace,
  brought: readonly (TorrentPart & { readonly how: How })[],
  skipped: readonly Skipped[],
): ImportReport {
  const paths = filePaths(directory, info)
  const files = [...sources].flatMap(([fileIdx, { path, stats }]): ImportedFile[] => {
    const part = brought.find((each) => each.fileIdx === fileIdx)
    if (!part && !whole.has(fileIdx)) return []
    const file = {
      from: path,
      to: paths[fileIdx] ?? '',
      how: part?.how ?? 'already there',
      bytes: stats.size,
    }
    return [part && part.missingBytes > 0 ? { ...file, missingBytes: part.missingBytes } : file]
  })
  // Trackers of a private torrent have the user's key in them, and a report is passed on.
  const magnet = writeMagnet(infoHash, info.isPrivate ? [] : trackers)
  return { imported: [{ infoHash, magnet, directory, files }], skipped }
}
