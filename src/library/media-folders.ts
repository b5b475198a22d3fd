import { basename, sep } from 'node:path'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { ByteRange } from '../domain/byte-range.ts'
import { Plays } from '../domain/plays.ts'
import { whenSettled } from '../files/finished-writing.ts'
import { OpenFiles } from '../files/open-files.ts'
import { openReadable } from '../files/readable-file.ts'
import type { Log } from '../observe/log.ts'
import type { LibraryFile } from './library-file.ts'
import { MediaFolder } from './media-folder.ts'

/** Disks on the network are slow, and those of the house want to sleep. */
const CHECK_MS = 5 * 60_000

export interface MediaFoldersOptions {
  /** absolute */
  readonly paths: readonly string[]
  /** the download folder: what lies there is known otherwise */
  readonly leftOut: string
  /** how often everything is looked at again, for what nobody tells of; default 5 minutes */
  readonly checkMs?: number
}

/** A video of the user, open to be read. */
export interface MediaFile extends AsyncDisposable {
  readonly path: string
  readonly name: string
  /** bytes */
  readonly size: number
  readonly mtimeMs: number
  /** A client reads it now. */
  noteRead(client: string): void
  /** Exactly the bytes of the range, or an error; a slice lasts until the next one is asked for. */
  read(range: ByteRange, signal: AbortSignal): AsyncIterable<Buffer>
}

export interface MediaFolders extends AsyncDisposable {
  /** another one whenever something has changed */
  readonly version: number
  files(): LibraryFile[]
  /** How often a file was played since the start. */
  playsOf(id: InfoHash): number
  /** @returns `undefined` if there is none of that id now */
  open(id: InfoHash, signal: AbortSignal): Promise<MediaFile | undefined>
  /** Resolves when everything has been looked at for the first time. */
  readonly loaded: Promise<void>
}

/** Learns what lies in folders of films, and keeps that true; nobody waits for it, since a disk may be slow or absent. */
export function openMediaFolders(options: MediaFoldersOptions, log: Log): MediaFolders {
  const { paths, leftOut, checkMs = CHECK_MS } = options
  const stop = new AbortController()
  const files = new OpenFiles()
  const plays = new Plays()
  const counts = new Map<InfoHash, number>()
  const folders = outermost(paths).map((root, _, roots) => {
    return new MediaFolder({ root, label: labelOf(root, roots), leftOut }, log)
  })
  let checking: Promise<void> | undefined
  const loaded = check().then(() => {
    const videos = folders.reduce((sum, folder) => sum + folder.files().length, 0)
    if (folders.length > 0 && !stop.signal.aborted) log.info('folders of films looked at', { paths, videos })
  })
  const timer = setInterval(() => void check(), checkMs)

  /** One look at a time. */
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
    playsOf: (id) => counts.get(id) ?? 0,
    async open(id, signal) {
      const video = folders.map((folder) => folder.find(id)).find(Boolean)
      const stats = video && (await whenSettled(video.path, signal))
      if (!stats) return undefined
      const { path } = video
      return {
        path,
        name: basename(path),
        ...(await openReadable(files, path, stats)),
        noteRead(client) {
          if (plays.note(id, client, Date.now())) counts.set(id, (counts.get(id) ?? 0) + 1)
        },
      }
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      stop.abort()
      // What is being looked at is not waited for: a disk that does not answer would keep us.
      for (const folder of folders) folder[Symbol.dispose]()
    },
  }
}

/** A folder within another one is looked at with it. */
function outermost(paths: readonly string[]): string[] {
  return [...new Set(paths)].filter((path) => !paths.some((other) => path.startsWith(withSeparator(other))))
}

function withSeparator(path: string): string {
  return path.endsWith(sep) ? path : path + sep
}

/** Its name, so that ids outlast a move of the folder; all of its path where another one has the same name. */
function labelOf(root: string, roots: readonly string[]): string {
  const isOnly = roots.filter((other) => basename(other) === basename(root)).length === 1
  return isOnly ? basename(root) : root
}
