import type { Dirent } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { basename, dirname, join, relative, sep } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { isPlaceableVideo } from '../domain/content-type.ts'
import { Deadline } from '../domain/deadline.ts'
import { messageOf } from '../domain/errors.ts'
import { fewAtATime } from '../domain/few-at-a-time.ts'
import { type InfoHash, infoHashesIn } from '../domain/info-hash.ts'
import { OURS } from '../files/torrent-folder.ts'
import type { Log } from '../observe/log.ts'
import type { FolderWatch } from './folder-watch.ts'
import { type IndexedFile, PlacedIndex } from './placed-index.ts'
import { fileAt, fingerprintOf, settlingMs } from './settled.ts'

/** Longest that anybody waits for what is being looked at: a disk that does not answer must not hold up the others. */
const LONGEST_LOOK_MS = 1_000
/** While a file is being written to, it is looked at so often. */
const WRITING_MS = 250

/** Who knows which folders are torrents' own, so that they need not be looked into. */
interface Torrents {
  holds(directory: string): boolean
}

/**
 * What the user put into the download folder, and into folders within; kept true by a watch, and by {@link check} for
 * what nobody tells of.
 *
 * Folders of ours, those whose names begin with a dot, and links to folders are not looked into.
 */
export class PlacedFolder implements Disposable {
  readonly index = new PlacedIndex()
  readonly #root: string
  readonly #torrents: Torrents
  readonly #watch: FolderWatch
  readonly #log: Log
  /** folders of the user, and what was found in each: videos with an info hash, and folders */
  readonly #folders = new Map<string, Set<string>>()
  readonly #listeners = new Set<(file: IndexedFile) => void>()
  /** paths that will be looked at, and when that is done */
  readonly #named = new Map<string, Promise<void>>()
  readonly #later = new Map<string, { readonly at: number; readonly timer: NodeJS.Timeout }>()
  #looked: Promise<void> = Promise.resolve()

  constructor(root: string, torrents: Torrents, watch: FolderWatch, log: Log) {
    this.#root = root
    this.#torrents = torrents
    this.#watch = watch
    this.#log = log
    watch.onChange(({ path, isNewOrGone }) => {
      if (isNewOrGone) void this.look(path)
      else if (this.index.get(path)) this.#lookLater(path, WRITING_MS)
    })
  }

  /** Calls back for each video that nobody writes to any more, whenever it was looked at. */
  onFile(listener: (file: IndexedFile) => void): void {
    this.#listeners.add(listener)
  }

  /** Learns what is there. */
  load(): Promise<void> {
    return this.look(this.#root)
  }

  /** Looks at everything again. */
  async check(signal: AbortSignal): Promise<void> {
    // One after the other, so that whoever waits for something new waits for no more than one of these.
    for (const directory of new Set([this.#root, ...this.#folders.keys()])) {
      if (signal.aborted) return
      await this.look(directory)
    }
    for (const { path } of this.index.all()) {
      if (signal.aborted) return
      await this.#inTurn(() => this.#lookAtFile(path))
    }
  }

  /** Resolves when everything has been looked at that had changed before. */
  async upToDate(): Promise<void> {
    // The system is asked for news once in each turn of the event loop, and in this one that may have been before.
    await turn()
    await turn()
    using deadline = new Deadline(LONGEST_LOOK_MS)
    const tooLong = new Promise<void>((resolve) => deadline.signal.addEventListener('abort', () => resolve()))
    await Promise.race([this.#looked, tooLong])
  }

  [Symbol.dispose](): void {
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
    this.#looked = this.#looked.then(() => this.#surviving(look))
    return this.#looked
  }

  /** What cannot be read, as `lost+found`, must not hide what can. */
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
    if (planned && planned.at <= at) return
    clearTimeout(planned?.timer)
    const timer = setTimeout(() => {
      this.#later.delete(path)
      void this.look(path)
    }, inMs)
    this.#later.set(path, { at, timer: timer.unref() })
  }

  async #lookAt(path: string): Promise<void> {
    // What it lies in is ours from now on.
    if (basename(path) === OURS) return this.#lookInto(dirname(path))
    const found = await lstat(path).catch(absentIfGone)
    if (!found) return this.#forget(path)
    if (path === this.#root || found.isDirectory()) return this.#lookInto(path)
    if (this.#folders.has(path)) this.#forget(path)
    await this.#lookAtFile(path)
  }

  async #lookInto(directory: string): Promise<void> {
    const isRoot = directory === this.#root
    const siblings = this.#folders.get(dirname(directory))
    if (!isRoot && !siblings) return
    if (!isRoot && (isHidden(directory) || this.#torrents.holds(directory))) return this.#forget(directory)
    // Before it is read, so that nothing comes in between.
    this.#watch.add(directory)
    const entries = await readdir(directory, { withFileTypes: true }).catch(absentIfGone)
    if (!entries || (!isRoot && entries.some(({ name }) => name === OURS))) {
      this.#watch.remove(directory)
      return this.#forget(directory)
    }
    this.index.remove(directory)
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
    const known = this.index.get(path)
    const infoHashes = known?.infoHashes ?? (isPlaceableVideo(path) ? this.#infoHashesOf(path) : [])
    const siblings = this.#folders.get(dirname(path))
    if (infoHashes.length === 0 || !siblings) return
    const stats = await fileAt(path)
    if (!stats) return this.#forget(path)
    const fingerprint = fingerprintOf(stats)
    const isSame = known?.fingerprint === fingerprint
    const file = isSame ? known : { path, name: basename(path), infoHashes, size: stats.size, fingerprint }
    if (!isSame) {
      siblings.add(path)
      this.index.put(file)
    }
    const waitMs = settlingMs(stats, Date.now())
    if (waitMs > 0) this.#lookLater(path, waitMs)
    else for (const tell of this.#listeners) tell(file)
  }

  #infoHashesOf(path: string): InfoHash[] {
    return [...new Set(relative(this.#root, path).split(sep).flatMap(infoHashesIn))]
  }

  /** A path, and all that lies below it, is not there, or none of our business. */
  #forget(path: string): void {
    this.index.remove(path)
    this.#folders.get(dirname(path))?.delete(path)
    const below = this.#folders.get(path)
    if (!below) return
    this.#folders.delete(path)
    this.#watch.remove(path)
    for (const each of below) this.#forget(each)
  }
}

/** Unfinished folders of ours, and what others do not want to be seen. */
function isHidden(directory: string): boolean {
  return basename(directory).startsWith('.')
}

/** Of what is there but cannot be read just now, what is known stays true. */
function absentIfGone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error
}
