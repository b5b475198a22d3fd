import type { Stats } from 'node:fs'
import { basename, dirname, extname, relative, sep } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import pLimit from 'p-limit'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { isOfDvd } from '../domain/choice/discs.ts'
import { isVideo, MIN_VIDEO_BYTES } from '../domain/content-type.ts'
import { type LibraryName, readLibraryName } from '../domain/names/library-name.ts'
import { FolderTree } from '../files/folder-tree.ts'
import { FolderWatch } from '../files/folder-watch.ts'
import { isUnchanged } from '../files/same-file.ts'
import type { Log } from '../observe/log.ts'
import { localIdOf } from '../storage/local-id.ts'
import { OURS } from '../storage/mark.ts'
import type { LibraryFile } from './library-file.ts'
import { NfoIds } from './nfo-ids.ts'

const MAX_DEPTH = 12
const MAX_FILES = 200_000
/** Folders of operating systems and network disks. */
const NOT_FOR_PEOPLE =
  /^(?:\.|(?:@eadir|@recycle|@recently-snapshot|#recycle|#snapshot|\$recycle\.bin|recycler|lost\+found|system volume information)$)/i

export interface MediaFolderOptions {
  readonly root: string
  /** ids of its files are made of this and their relative paths */
  readonly label: string
  /** a folder to skip, with everything in it */
  readonly leftOut: string
}

/** A video in a media folder. */
interface MediaVideo {
  readonly id: InfoHash
  readonly path: string
  /** bytes */
  readonly size: number
  readonly mtimeMs: number
  /** `undefined` for videos that get no row, such as trailers */
  readonly about: LibraryName | undefined
  /** cached row; dropped on every change */
  file?: LibraryFile | undefined
}

/** A folder of the user with videos in it; it is only ever read. */
export class MediaFolder implements Disposable {
  readonly #options: MediaFolderOptions
  readonly #watch: FolderWatch
  readonly #tree: FolderTree
  readonly #videos = new Map<string, MediaVideo>()
  readonly #paths = new Map<InfoHash, string>()
  readonly #nfoIds = new NfoIds()
  readonly #oneAtATime = pLimit(1)
  /** changes whenever a file does */
  version = 0

  constructor(options: MediaFolderOptions, log: Log) {
    const { root, leftOut } = options
    this.#options = options
    this.#watch = new FolderWatch(log)
    const mayEnter = (directory: string) => directory !== leftOut && !NOT_FOR_PEOPLE.test(basename(directory))
    const limits = { maxDepth: MAX_DEPTH, maxFiles: MAX_FILES }
    const listener = { counts, put: this.#put.bind(this), remove: this.#remove.bind(this) }
    this.#tree = new FolderTree({ root, marker: OURS, mayEnter, ...limits }, listener, this.#watch, log)
  }

  /** Scans the folder; may be called again. */
  check(signal: AbortSignal): Promise<void> {
    return this.#tree.check(signal)
  }

  find(id: InfoHash): MediaVideo | undefined {
    return this.#videos.get(this.#paths.get(id) ?? '')
  }

  /** Files that get a row; unchanged ones are the same objects as before. */
  files(): LibraryFile[] {
    const noted = this.#nfoIds.changed()
    return [...this.#videos.values()].flatMap((video) => {
      const { about, size, path } = video
      if (!about || size < MIN_VIDEO_BYTES) return []
      if (noted.size > 0 && [dirname(path), dirname(dirname(path))].some((each) => noted.has(each)))
        video.file = undefined
      video.file ??= this.#fileOf(video, about)
      return video.file
    })
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]()
    this.#tree[Symbol.dispose]()
  }

  async #put(path: string, stats: Stats): Promise<void> {
    if (isVideo(path)) return this.#putVideo(path, stats)
    if (await this.#nfoIds.read(path, stats)) this.version++
  }

  async #putVideo(path: string, stats: Stats): Promise<void> {
    const known = this.#videos.get(path)
    if (isUnchanged(known, stats)) return
    if (!known) await this.#ownTurn()
    const { size, mtimeMs } = stats
    const { id, about } = known ?? this.#read(path)
    this.#videos.set(path, { id, path, size, mtimeMs, about })
    this.#paths.set(id, path)
    this.version++
  }

  /** Reading a name takes a while. With ten thousand of them, one per turn of the event loop holds up no request. */
  #ownTurn(): Promise<void> {
    return this.#oneAtATime(() => turn())
  }

  #fileOf({ id, path, size, mtimeMs }: MediaVideo, about: LibraryName): LibraryFile {
    return {
      infoHash: id,
      fileIdx: 0,
      isLocal: true,
      name: basename(path),
      path: relative(this.#options.root, path).split(sep).join('/'),
      size,
      addedAt: mtimeMs,
      about,
      ids: [...about.ids, ...this.#nfoIds.of(path, about.kind)],
    }
  }

  #read(path: string): Pick<MediaVideo, 'id' | 'about'> {
    const { root, label } = this.#options
    const way = relative(root, path)
    const shown = way.split(sep).join('/')
    // If the names below give no title, as in `Show/Season 1/01.mkv`, the folder's name may.
    const about = readLibraryName(shown) ?? readLibraryName(`${basename(root)}/${shown}`)
    return { id: localIdOf(label, way), about }
  }

  #remove(path: string): void {
    const video = this.#videos.get(path)
    if (video) this.#paths.delete(video.id)
    this.#videos.delete(path)
    this.#nfoIds.remove(path)
    this.version++
  }
}

/** A DVD is a dozen numbered files; which of them is the film is known only from a torrent. */
function counts(path: string): boolean {
  if (isOfDvd(path)) return false
  const name = basename(path)
  return !name.startsWith('.') && (isVideo(name) || extname(name).toLowerCase() === '.nfo')
}
