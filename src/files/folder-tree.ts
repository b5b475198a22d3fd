import type { Dirent, Stats } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, dirname, join, relative, sep } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import pLimit from 'p-limit'
import { messageOf } from '../domain/errors.ts'
import { Deadline } from '../lib/deadline.ts'
import { fewAtATime } from '../lib/for-each-parallel.ts'
import type { Log } from '../observe/log.ts'
import { fileAt, settlingMs } from './finished-writing.ts'
import type { FolderWatch } from './folder-watch.ts'
import { lstatIfThere, undefinedIfAbsent } from './if-there.ts'

/** Longest that anybody waits for what is being looked at: a disk that does not answer must not hold up the others. */
const MAX_SCAN_MS = 1_000
/** While a file is being written to, it is looked at so often. */
const WRITING_MS = 250

export interface FolderTreeOptions {
  readonly root: string
  /** A folder with an entry of this name is somebody else's, with all that is in it. */
  readonly marker: string
  /** Whether a folder below the root is looked into. */
  mayEnter(directory: string): boolean
  /** how far below the root folders are looked into; default: as far as they go */
  readonly maxDepth?: number
  /** of how many files is told; default: of all */
  readonly maxFiles?: number
}

/** Who is told of the files in a tree. */
export interface FileKeeper {
  /** Whether a file is worth telling of. */
  counts(path: string): boolean
  /** It is there, as it is now. */
  put(path: string, stats: Stats): void | Promise<void>
  /** The same, once nobody writes to it any more. */
  settle?(path: string, stats: Stats): void
  /** It is there no more, or it never was. */
  remove(path: string): void
}

/**
 * What lies in a folder, and in folders within; kept true by a watch, and by {@link check} for what nobody tells of.
 * Links to files count as files; links to folders, which may lead round in a circle, are not followed.
 */
export class FolderTree implements Disposable {
  readonly #options: Required<FolderTreeOptions>
  readonly #keeper: FileKeeper
  readonly #watch: FolderWatch
  readonly #log: Log
  /** folders, and what was found in each: files that count, and folders */
  readonly #folders = new Map<string, Set<string>>()
  readonly #files = new Set<string>()
  /** paths that will be looked at, and when that is done */
  readonly #named = new Map<string, Promise<void>>()
  readonly #later = new Map<string, { readonly at: number; readonly timer: NodeJS.Timeout }>()
  readonly #oneAtATime = pLimit(1)
  #isClosed = false
  #hasComplained = false

  constructor(options: FolderTreeOptions, keeper: FileKeeper, watch: FolderWatch, log: Log) {
    this.#options = { maxDepth: Number.POSITIVE_INFINITY, maxFiles: Number.POSITIVE_INFINITY, ...options }
    this.#keeper = keeper
    this.#watch = watch
    this.#log = log
    watch.onChange(({ path, isNewOrGone }) => {
      if (isNewOrGone) void this.look(path)
      else if (this.#files.has(path)) this.#lookLater(path, WRITING_MS)
    })
  }

  /** Learns what is there. */
  load(): Promise<void> {
    return this.look(this.#options.root)
  }

  /** Looks at everything again. */
  async check(signal: AbortSignal): Promise<void> {
    // One after the other, so that whoever waits for something new waits for no more than one of these.
    for (const directory of new Set([this.#options.root, ...this.#folders.keys()])) {
      if (signal.aborted) return
      await this.look(directory)
    }
    for (const path of this.#files) {
      if (signal.aborted) return
      await this.#inTurn(() => this.#lookAtFile(path))
    }
  }

  /** Resolves when everything has been looked at that had changed before. */
  async upToDate(): Promise<void> {
    // The system is asked for news once in each turn of the event loop, and in this one that may have been before.
    await turn()
    await turn()
    using deadline = new Deadline(MAX_SCAN_MS)
    const tooLong = new Promise<void>((resolve) => deadline.signal.addEventListener('abort', () => resolve()))
    await Promise.race([this.#oneAtATime(async () => undefined), tooLong])
  }

  /** What is being looked at is left where it is. */
  [Symbol.dispose](): void {
    this.#isClosed = true
    for (const { timer } of this.#later.values()) clearTimeout(timer)
    this.#later.clear()
  }

  /** Looks at a path, as soon as those that were named before have been looked at. */
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

  /** What cannot be read, as `lost+found`, must not hide what can. What is known of it stays true. */
  async #surviving(look: () => Promise<void>): Promise<void> {
    try {
      await look()
    } catch (error) {
      this.#log.debug('not looked at', { reason: messageOf(error) })
    }
  }

  /** Looks at a file in a while, or when that was to be done anyway if that is sooner. */
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
    // What it lies in is somebody else's from now on.
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
    // Before it is read, so that nothing comes in between.
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
    await fewAtATime(unknown, (entry) => this.#surviving(() => this.#meet(directory, entry)))
  }

  async #meet(directory: string, entry: Dirent): Promise<void> {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) await this.#lookInto(path)
    else await this.#lookAtFile(path)
  }

  async #lookAtFile(path: string): Promise<void> {
    const siblings = this.#folders.get(dirname(path))
    if (this.#isClosed || !siblings || !this.#keeper.counts(path)) return
    const stats = await fileAt(path)
    if (!stats) return this.#forget(path)
    if (!this.#files.has(path) && this.#files.size >= this.#options.maxFiles) return this.#complain()
    siblings.add(path)
    this.#files.add(path)
    await this.#keeper.put(path, stats)
    const waitMs = settlingMs(stats, Date.now())
    if (waitMs > 0) this.#lookLater(path, waitMs)
    else this.#keeper.settle?.(path, stats)
  }

  #isNear(directory: string): boolean {
    const { root, maxDepth } = this.#options
    return relative(root, directory).split(sep).length <= maxDepth
  }

  /** A path, and all that lies below it, is not there, or none of our business. */
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
    if (this.#files.delete(path)) this.#keeper.remove(path)
  }

  #complain(): void {
    const { root, maxFiles } = this.#options
    if (!this.#hasComplained)
      this.#log.warn('a folder has too many files: some are left out', { root, maxFiles })
    this.#hasComplained = true
  }
}
