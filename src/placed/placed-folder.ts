import type { Stats } from 'node:fs'
import { basename, relative, sep } from 'node:path'
import { type InfoHash, infoHashesIn } from '../domain/bittorrent/info-hash.ts'
import { isPlaceableVideo } from '../domain/content-type.ts'
import { FolderTree } from '../files/folder-tree.ts'
import type { FolderWatch } from '../files/folder-watch.ts'
import { fingerprintOf } from '../files/same-file.ts'
import type { Log } from '../observe/log.ts'
import { OURS } from '../storage/mark.ts'
import { type IndexedFile, PlacedIndex } from './placed-index.ts'

/** Knows which folders are torrents' own, and need not be scanned. */
interface Torrents {
  holds(directory: string): boolean
}

/**
 * The user's files in the download folder and its subfolders. Folders of ours, and folders whose names begin with a
 * dot, are skipped.
 */
export class PlacedFolder implements Disposable {
  readonly index = new PlacedIndex()
  readonly #root: string
  readonly #tree: FolderTree
  readonly #listeners = new Set<(file: IndexedFile) => void>()

  constructor(root: string, torrents: Torrents, watch: FolderWatch, log: Log) {
    this.#root = root
    const mayEnter = (directory: string) => !isHidden(directory) && !torrents.holds(directory)
    const keeper = {
      counts: (path: string) => isPlaceableVideo(path) && this.#infoHashesOf(path).length > 0,
      put: (path: string, stats: Stats) => {
        if (this.index.get(path)?.fingerprint !== fingerprintOf(stats))
          this.index.put(this.#fileOf(path, stats))
      },
      settle: (path: string, stats: Stats) => {
        for (const tell of this.#listeners) tell(this.#fileOf(path, stats))
      },
      remove: (path: string) => this.index.remove(path),
    }
    this.#tree = new FolderTree({ root, marker: OURS, mayEnter }, keeper, watch, log)
  }

  /** The listener is called for each video that is finished being written, after each scan of it. */
  onFile(listener: (file: IndexedFile) => void): void {
    this.#listeners.add(listener)
  }

  /** Scans the folder. */
  load(): Promise<void> {
    return this.#tree.load()
  }

  /** Scans everything again. */
  check(signal: AbortSignal): Promise<void> {
    return this.#tree.check(signal)
  }

  /** Examines a path, after those that were queued before. */
  look(path: string): Promise<void> {
    return this.#tree.look(path)
  }

  /** Resolves when everything that had changed before the call has been examined. */
  upToDate(): Promise<void> {
    return this.#tree.upToDate()
  }

  [Symbol.dispose](): void {
    this.#tree[Symbol.dispose]()
  }

  #fileOf(path: string, stats: Stats): IndexedFile {
    const infoHashes = this.#infoHashesOf(path)
    const { size, mtimeMs } = stats
    return { path, name: basename(path), infoHashes, size, mtimeMs, fingerprint: fingerprintOf(stats) }
  }

  #infoHashesOf(path: string): InfoHash[] {
    return [...new Set(relative(this.#root, path).split(sep).flatMap(infoHashesIn))]
  }
}

/** Unfinished folders of ours, and hidden ones. */
function isHidden(directory: string): boolean {
  return basename(directory).startsWith('.')
}
