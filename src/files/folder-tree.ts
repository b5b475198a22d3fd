import type { Dirent, Stats } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, dirname, join, relative, sep } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import pLimit from 'p-limit'
import { messageOf } from '../domain/errors.ts'
import { Deadline } from '../lib/deadline.ts'
import { forEachParallel } from '../lib/for-each-parallel.ts'
import type { Log } from '../observe/log.ts'
import { fileAt, settlingMs } from './finished-writing.ts'
import type { FolderWatch } from './folder-watch.ts'
import { lstatIfThere, undefinedIfAbsent } from './if-there.ts'

/** Maximum wait for a scan in progress: a disk that does not answer must not hold up the others. */
const MAX_SCAN_MS = 1_000
/** While a file is being written, it is examined at this interval. */
const WRITING_MS = 250

export interface FolderTreeOptions {
  readonly root: string
  /** A folder that contains an entry of this name is not scanned. */
  readonly marker: string
  /** Whether a folder below the root is scanned. */
  mayEnter(directory: string): boolean
  /** depth to which folders are scanned; default: no limit */
  readonly maxDepth?: number
  /** number of files that are reported; default: no limit */
  readonly maxFiles?: number
}

/** Receives the files in a tree. */
export interface FileListener {
  /** Whether a file is of interest. */
  counts(path: string): boolean
  /** The file exists, with these stats. */
  put(path: string, stats: Stats): void | Promise<void>
  /** The file is finished being written. */
  settle?(path: string, stats: Stats): void
  /** The file no longer exists; it may be unknown. */
  remove(path: string): void
}

/**
 * The files in a folder and its subfolders, kept up to date by a watch, and by {@link check} for changes that the
 * system does not report. Links to files count as files; links to folders, which may form cycles, are not followed.
 */
export class FolderTree implements Disposable {
  readonly #options: Required<FolderTreeOptions>
  readonly #listener: FileListener
  readonly #watch: FolderWatch
  readonly #log: Log
  /** folders, and the files of interest and subfolders in each */
  readonly #folders = new Map<string, Set<string>>()
  readonly #files = new Set<string>()
  /** paths that are queued, and when they will have been examined */
  readonly #named = new Map<string, Promise<void>>()
  readonly #later = new Map<string, { readonly at: number; readonly timer: NodeJS.Timeout }>()
  readonly #oneAtATime = pLimit(1)
  #isClosed = false
  #hasComplained = false

  constructor(options: FolderTreeOptions, listener: FileListener, watch: FolderWatch, log: Log) {
    this.#options = { maxDepth: Number.POSITIVE_INFINITY, maxFiles: Number.POSITIVE_INFINITY, ...options }
    this.#listener = listener
    this.#watch = watch
    this.#log = log
    watch.onChange(({ path, isNewOrGone }) => {
      if (isNewOrGone) void this.look(path)
      else if (this.#files.has(path)) this.#lookLater(path, WRITING_MS)
    })
  }

  /** Scans everything for the first time. */
  load(): Promise<void> {
    return this.look(this.#options.root)
  }

  /** Scans everything again. */
  async check(signal: AbortSignal): Promise<void> {
    // One folder at a time, so that a newly queued path waits for at most one of these scans.
    for (const directory of new Set([this.#options.root, ...this.#folders.keys()])) {
      if (signal.aborted) return
      await this.look(directory)
    }
    for (const path of this.#files) {
      if (signal.aborted) return
      await this.#inTurn(() => this.#lookAtFile(path))
    }
  }

  /** Resolves when everything that had changed before the call has been examined. */
  async upToDate(): Promise<void> {
    // The event loop polls for changes once per turn, and may have done so already in this one.
    await turn()
    await turn()
    using deadline = new Deadline(MAX_SCAN_MS)
    const tooLong = new Promise<void>((resolve) => deadline.signal.addEventListener('abort', () => resolve()))
    await Promise.race([this.#oneAtATime(async () => undefined), tooLong])
  }

  /** Scans in progress are abandoned. */
  [Symbol.dispose](): void {
    this.#isClosed = true
    for (const { timer } of this.#later.values()) clearTimeout(timer)
    this.#later.clear()
  }

  /** Examines a path, after those that were queued before. */
  look(path: string): Promise<void> {
    const named = this.#named.get(path)
    if (named !== undefined) return named
    const looked = this.#inTurn(() => {
      this.#named.delete(path)
      return this.#lookAt(path)
    })
    this.#named.set(path, looked)
    return looked
  }

  #inTurn(look: () => Promise<void>): Promise<void> {
    return this.#oneAtATime(() => this.#surviving(look))
  }

  /** An unreadable entry, such as `lost+found`, must not hide others. What is known of it stays. */
  async #surviving(look: () => Promise<void>): Promise<void> {
    try {
      await look()
    } catch (error) {
      this.#log.debug('not scanned', { reason: messageOf(error) })
    }
  }

  /** Examines a file after a delay, or earlier if that is planned already. */
  #lookLater(path: string, inMs: number): void {
    const at = performance.now() + inMs
    const planned = this.#later.get(path)
    if (this.#isClosed || (planned && planned.at <= at)) return
    clearTimeout(planned?.timer)
    const timer = setTimeout(() => {
      this.#later.delete(path)
      void this.look(path)
    }, inMs)
    this.#later.set(path, { at, timer: timer.unref() })
  }

  async #lookAt(path: string): Promise<void> {
    const { root, marker } = this.#options
    // The folder that contains the marker is no longer part of the tree.
    if (basename(path) === marker) return this.#lookInto(dirname(path))
    const found = await lstatIfThere(path)
    if (!found) return this.#forget(path)
    if (path === root || found.isDirectory()) return this.#lookInto(path)
    if (this.#folders.has(path)) this.#forget(path)
    await this.#lookAtFile(path)
  }

  async #lookInto(directory: string): Promise<void> {
    if (this.#isClosed) return
    const { root, marker, mayEnter } = this.#options
    const isRoot = directory === root
    const siblings = this.#folders.get(dirname(directory))
    if (!isRoot && !siblings) return
    if (!isRoot && !(this.#isNear(directory) && mayEnter(directory))) return this.#forget(directory)
    // Watched before it is read, so that no change is missed.
    this.#watch.add(directory)
    const entries = await readdir(directory, { withFileTypes: true }).catch(undefinedIfAbsent)
    if (!entries || (!isRoot && entries.some(({ name }) => name === marker))) {
      this.#watch.remove(directory)
      return this.#forget(directory)
    }
    this.#remove(directory)
    const known = this.#folders.get(directory) ?? new Set()
    this.#folders.set(directory, known)
    siblings?.add(directory)

    const there = new Set(entries.map(({ name }) => join(directory, name)))
    for (const path of known) if (!there.has(path)) this.#forget(path)
    const unknown = entries.filter(({ name }) => !known.has(join(directory, name)))
    await forEachParallel(unknown, (entry) => this.#surviving(() => this.#meet(directory, entry)))
  }

  async #meet(directory: string, entry: Dirent): Promise<void> {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) await this.#lookInto(path)
    else await this.#lookAtFile(path)
  }

  async #lookAtFile(path: string): Promise<void> {
    const siblings = this.#folders.get(dirname(path))
    if (this.#isClosed || !siblings || !this.#listener.counts(path)) return
    const stats = await fileAt(path)
    if (!stats) return this.#forget(path)
    if (!this.#files.has(path) && this.#files.size >= this.#options.maxFiles) return this.#complain()
    siblings.add(path)
    this.#files.add(path)
    await this.#listener.put(path, stats)
    const waitMs = settlingMs(stats, Date.now())
    if (waitMs > 0) this.#lookLater(path, waitMs)
    else this.#listener.settle?.(path, stats)
  }

  #isNear(directory: string): boolean {
    const { root, maxDepth } = this.#options
    return relative(root, directory).split(sep).length <= maxDepth
  }

  /** A path and everything below it does not exist, or is not part of the tree. */
  #forget(path: string): void {
    this.#remove(path)
    this.#folders.get(dirname(path))?.delete(path)
    const below = this.#folders.get(path)
    if (!below) return
    this.#folders.delete(path)
    this.#watch.remove(path)
    for (const each of below) this.#forget(each)
  }

  #remove(path: string): void {
    if (this.#files.delete(path)) this.#listener.remove(path)
  }

  #complain(): void {
    const { root, maxFiles } = this.#options
    if (!this.#hasComplained)
      this.#log.warn('too many files in a folder; some are ignored', { root, maxFiles })
    this.#hasComplained = true
  }
}
