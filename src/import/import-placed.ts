import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { numberedFileName } from '../domain/bittorrent/file-names.ts'
import { type InfoHash, infoHashesIn } from '../domain/bittorrent/info-hash.ts'
import { writeMagnet } from '../domain/bittorrent/magnet.ts'
import { isPlaceableVideo, MIN_VIDEO_BYTES } from '../domain/content-type.ts'
import { moveTo } from '../files/free-name.ts'
import { exists } from '../files/if-there.ts'
import { isSameContent } from '../files/same-content.ts'
import { makeUnfinishedFolder } from '../storage/unfinished-folder.ts'
import type { ImportContext } from './context.ts'
import type { How, ImportReport, Skipped } from './report.ts'
import { findSource, type SourceFile } from './source-files.ts'
import { foresee, takeIn } from './take-in.ts'

/** A file or folder, and the torrent that it is served as. */
export interface PlacedRequest {
  readonly path: string
  readonly infoHash: InfoHash
}

/**
 * Puts videos into the download folder under a name with an info hash in it, or into a folder of such a name with the
 * same layout as the user's. They are not checked: that would need the torrent file. Existing files are never
 * overwritten.
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

  const inside = (place: string, { relative }: SourceFile) => (isFolder ? join(place, relative) : place)
  const named = infoHashesIn(name).includes(infoHash) ? name : `${infoHash}-${name}`
  const place = await findPlace(named, { videos, inside }, context, signal)
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

  async function take(): Promise<How[]> {
    if (place.isThere) return files.map(() => 'already there')
    if (context.isDryRun) return foresee(files, context)
    // In a folder of ours, no search for videos sees it.
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

/** Videos, and where each is in a place. */
interface Layout {
  readonly videos: readonly SourceFile[]
  readonly inside: (place: string, video: SourceFile) => string
}

/** The first free name, or the name under which all of it exists already. */
async function findPlace(
  named: string,
  layout: Layout,
  context: ImportContext,
  signal: AbortSignal,
): Promise<{ readonly path: string; readonly isThere: boolean }> {
  for (let n = 1; ; n++) {
    const path = join(context.root, numberedFileName(named, n))
    if (!(await exists(path))) return { path, isThere: false }
    if (await isAllIn(path, layout, context, signal)) return { path, isThere: true }
  }
}

async function isAllIn(
  place: string,
  { videos, inside }: Layout,
  context: ImportContext,
  signal: AbortSignal,
): Promise<boolean> {
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

function skip(file: SourceFile): Skipped[] {
  const why = whyNot(file)
  return why === undefined ? [] : [{ path: file.path, why }]
}

/** Why a file would not be served; `undefined` if it would be. */
function whyNot({ relative, stats }: SourceFile): string | undefined {
  if (!isPlaceableVideo(relative)) return 'its extension is not that of a video that can be served'
  return stats.size < MIN_VIDEO_BYTES
    ? `it has ${stats.size} bytes; at least ${MIN_VIDEO_BYTES} are needed`
    : undefined
}
