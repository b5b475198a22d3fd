import { basename } from 'node:path'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { whenSettled } from '../files/finished-writing.ts'
import { OpenFiles } from '../files/open-files.ts'
import { isInside } from '../files/real-location.ts'
import { openUserVideo, type UserVideo } from '../files/user-video.ts'
import type { Log } from '../observe/log.ts'
import type { LibraryFile } from './library-file.ts'
import { MediaFolder } from './media-folder.ts'

/** Network disks are slow, and local ones want to spin down. */
const CHECK_MS = 5 * 60_000

export interface MediaFoldersOptions {
  /** absolute */
  readonly paths: readonly string[]
  /** the download folder: its content is known otherwise */
  readonly leftOut: string
  /** interval between full scans, for changes that the system does not report; default 5 minutes */
  readonly checkMs?: number
}

export interface MediaFolders extends AsyncDisposable {
  /** changes whenever a file does */
  readonly version: number
  files(): LibraryFile[]
  /** @returns `undefined` if no file has that id now */
  open(id: InfoHash, signal: AbortSignal): Promise<UserVideo | undefined>
  /** Resolves after the first scan. */
  readonly loaded: Promise<void>
}

/**
 * Scans media folders and watches them. Opening does not wait for the first scan, since a disk may be slow or absent.
 */
export function openMediaFolders(options: MediaFoldersOptions, log: Log): MediaFolders {
  const { paths, leftOut, checkMs = CHECK_MS } = options
  const stop = new AbortController()
  const files = new OpenFiles()
  const folders = outermost(paths).map((root, _, roots) => {
    return new MediaFolder({ root, label: labelOf(root, roots), leftOut }, log)
  })
  let checking: Promise<void> | undefined
  const loaded = check().then(() => {
    const videos = folders.reduce((sum, folder) => sum + folder.files().length, 0)
    if (folders.length > 0 && !stop.signal.aborted) log.info('media folders scanned', { paths, videos })
  })
  const timer = setInterval(() => void check(), checkMs)

  /** One scan at a time. */
  function check(): Promise<void> {
    checking ??= Promise.all(folders.map((folder) => folder.check(stop.signal))).then(() => {
      checking = undefined
    })
    return checking
  }

  return {
    get version() {
      return folders.reduce((sum, { version }) => sum + version, 0)
    },
    loaded,
    files: () => folders.flatMap((folder) => folder.files()),
    async open(id, signal) {
      const video = folders.map((folder) => folder.find(id)).find(Boolean)
      const stats = video && (await whenSettled(video.path, signal))
      if (!stats) return undefined
      // Nothing asks how often it was played.
      return openUserVideo(files, video.path, stats, () => undefined)
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      stop.abort()
      // A running scan is not awaited: a disk that does not answer would block the stop.
      for (const folder of folders) folder[Symbol.dispose]()
    },
  }
}

/** A folder within another is scanned with that one. */
function outermost(paths: readonly string[]): string[] {
  return [...new Set(paths)].filter((path) => !paths.some((other) => other !== path && isInside(other, path)))
}

/** Its name, so that ids survive a move of the folder; its path if another folder has the same name. */
function labelOf(root: string, roots: readonly string[]): string {
  const isOnly = roots.filter((other) => basename(other) === basename(root)).length === 1
  return isOnly ? basename(root) : root
}
