import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { numberedFileName } from '../domain/bittorrent/file-names.ts'
import { type InfoHash, infoHashesIn } from '../domain/bittorrent/info-hash.ts'
import { writeMagnet } from '../domain/bittorrent/magnet.ts'
import { isPlaceableVideo } from '../domain/content-type.ts'
import { exists, moveTo } from '../files/free-name.ts'
import { isSameContent } from '../files/same-content.ts'
import { MIN_VIDEO_BYTES } from '../placed/placed-choice.ts'
import { makeUnfinishedFolder } from '../storage/unfinished-folder.ts'
import type { ImportContext } from './context.ts'
import type { How, ImportReport, Skipped } from './report.ts'
import { findSource, type SourceFile } from './source-files.ts'
import { foresee, takeIn } from './take-in.ts'

/** A file or folder, and the torrent that it is to be served as. */
export interface PlacedRequest {
  readonly path: string
  readonly infoHash: InfoHash
}

/**
 * Puts videos into the download folder under a name with an info hash in it, or into a folder of such a name, laid out
 * as the user's is. They are served as they are: whether they are what the torrent has, nobody can tell without its
 * torrent file. What is there already is never written over.
 *
 * @throws SelfStremeError `request.invalid`, `disk.full`, `media.damaged`; the signal's reason, and the system's errors
 */
export async function importPlaced(
  { path, infoHash }: PlacedRequest,
  context: ImportContext,
  signal: AbortSignal,
): Promise<ImportReport> {
  const { name, isFolder, ...source } = await findSource(path, { withHidden: false })
  const videos = source.files.filter((file) => whyNot(file) === undefined)
  const skipped = [...source.hidden, ...source.unusable, ...source.files.flatMap(skip)]
  if (videos.length === 0) return { imported: [], skipped }

  const place = await findPlace()
  const files = videos.map((video) => ({ source: video, to: inside(place.path, video), mayLink: true }))
  const hows = await take()
  const imported = {
    infoHash,
    magnet: writeMagnet(infoHash),
    directory: isFolder ? place.path : context.root,
    files: files.map(({ source, to }, index) => {
      return { from: source.path, to, how: hows[index] ?? 'copy', bytes: source.stats.size }
    }),
  }
  return { imported: [imported], skipped }

  function inside(place: string, { relative }: SourceFile): string {
    return isFolder ? join(place, relative) : place
  }

  /** The first name that is free, or under which all of it lies already. */
  async function findPlace(): Promise<{ readonly path: string; readonly isThere: boolean }> {
    const named = infoHashesIn(name).includes(infoHash) ? name : `${infoHash}-${name}`
    for (let n = 1; ; n++) {
      const path = join(context.root, numberedFileName(named, n))
      if (!(await exists(path))) return { path, isThere: false }
      if (await isAllIn(path)) return { path, isThere: true }
    }
  }

  async function isAllIn(place: string): Promise<boolean> {
    const totalBytes = videos.reduce((sum, { stats }) => sum + stats.size, 0)
    let doneBytes = 0
    const onCompared = (bytes: number) => {
      doneBytes += bytes
      context.onProgress({ step: 'comparing', doneBytes, totalBytes })
    }
    for (const video of videos) {
      const there = inside(place, video)
      if (!(await exists(there))) return false
      if (!(await isSameContent(video.realPath, there, onCompared, signal))) return false
    }
    return true
  }

  async function take(): Promise<How[]> {
    if (place.isThere) return files.map(() => 'already there')
    if (context.isDryRun) return foresee(files, context)
    // Nobody looks for videos in a folder of ours.
    const unfinished = await makeUnfinishedFolder(context.root, 'import')
    try {
      const content = join(unfinished, 'content')
      const takings = files.map(({ source }) => ({ source, to: inside(content, source), mayLink: true }))
      const hows = await takeIn(takings, context, signal)
      await (isFolder ? rename(content, place.path) : moveTo(content, place.path))
      return hows
    } finally {
      await rm(unfinished, { recursive: true, force: true })
    }
  }
}

function skip(file: SourceFile): Skipped[] {
  const why = whyNot(file)
  return why === undefined ? [] : [{ path: file.path, why }]
}

/** Why a file would not be served. */
function whyNot({ relative, stats }: SourceFile): string | undefined {
  if (!isPlaceableVideo(relative)) return 'it is not a video that can be served by its name'
  return stats.size < MIN_VIDEO_BYTES
    ? `it has ${stats.size} bytes, and ${MIN_VIDEO_BYTES} are the least`
    : undefined
}
