import type { Stats } from 'node:fs'
import { basename, relative, sep } from 'node:path'
import { type InfoHash, infoHashesIn } from '../domain/bittorrent/info-hash.ts'
import { isPlaceableVideo } from '../domain/content-type.ts'
import { FolderTree } from '../files/folder-tree.ts'
import type { FolderWatch } from '../files/folder-watch.ts'
import { fingerprintOf } from '../files/same-file.ts'
import type { Log } from '../observe/log.ts'
import { OURS } from '../storage/mark.ts'
import type { CacheIndex } from '../torrent-index/torrent-index.ts'

/** A video that the user put into the download folder, as last examined. */
export interface IndexedFile {
  readonly path: string
  readonly name: string
  /** all info hashes in its name and in those of its folders */
  readonly infoHashes: readonly InfoHash[]
  /** bytes */
  readonly size: number
  /** epoch ms */
  readonly mtimeMs: number
  /** changes whenever the file or its content does */
  readonly fingerprint: string
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

  constructor(root: string, torrents: Pick<CacheIndex, 'holds'>, watch: FolderWatch, log: Log) {
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

/** The videos that the user put into the download folder, by path and by the info hashes in their names. */
class PlacedIndex {
  readonly #files = new Map<string, IndexedFile>()
  readonly #byInfoHash = new Map<InfoHash, Set<string>>()
  /** changes whenever a file does */
  version = 0

  get(path: string): IndexedFile | undefined {
    return this.#files.get(path)
  }

  find(infoHash: InfoHash): IndexedFile[] {
    const paths = this.#byInfoHash.get(infoHash) ?? []
    return [...paths].flatMap((path) => this.#files.get(path) ?? [])
  }

  all(): IndexedFile[] {
    return [...this.#files.values()]
  }

  put(file: IndexedFile): void {
    if (this.#files.get(file.path)?.fingerprint !== file.fingerprint) this.version++
    this.#files.set(file.path, file)
    for (const infoHash of file.infoHashes) {
      const paths = this.#byInfoHash.get(infoHash)
      if (paths) paths.add(file.path)
      else this.#byInfoHash.set(infoHash, new Set([file.path]))
    }
  }

  remove(path: string): void {
    const file = this.#files.get(path)
    if (!file) return
    this.version++
    this.#files.delete(path)
    for (const infoHash of file.infoHashes) {
      const paths = this.#byInfoHash.get(infoHash)
      paths?.delete(path)
      if (paths?.size === 0) this.#byInfoHash.delete(infoHash)
    }
  }
}
