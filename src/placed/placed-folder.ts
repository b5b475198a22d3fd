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

/** Who knows which folders are torrents' own, so that they need not be looked into. */
interface Torrents {
  holds(directory: string): boolean
}

/**
 * What the user put into the download folder, and into folders within. Folders of ours, and those whose names begin
 * with a dot, are not looked into.
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

  /** Calls back for each video that nobody writes to any more, whenever it was looked at. */
  onFile(listener: (file: IndexedFile) => void): void {
    this.#listeners.add(listener)
  }

  /** Learns what is there. */
  load(): Promise<void> {
    return this.#tree.load()
  }

  /** Looks at everything again. */
  check(signal: AbortSignal): Promise<void> {
    return this.#tree.check(signal)
  }

  /** Looks at a path, as soon as those that were named before have been looked at. */
  look(path: string): Promise<void> {
    return this.#tree.look(path)
  }

  /** Resolves when everything has been looked at that had changed before. */
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

/** Unfinished folders of ours, and what others do not want to be seen. */
function isHidden(directory: string): boolean {
  return basename(directory).startsWith('.')
}
