import { type FSWatcher, type Stats, watch } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pLimit from 'p-limit'
import { messageOf, SelfStremeError } from '../domain/errors.ts'
import { fileAt, settlingMs } from '../files/finished-writing.ts'
import { moveToFree } from '../files/free-name.ts'
import type { Log } from '../observe/log.ts'
import type { OwnerTorrents } from './torrents.ts'
import { isTooLong, kindOf, torrentsIn } from './watched-file.ts'

/** Network file systems do not report changes that other machines make. */
const LOOK_MS = 30_000
/** A new file causes several events at once. */
const EVENT_MS = 50

/**
 * Adds the torrent files and files of magnet links that are put into a folder. Each is renamed when it was added or is
 * invalid, so that it is added once. One that does not fit stays as it is, and is tried again.
 */
export class WatchFolder implements AsyncDisposable {
  readonly #path: string
  readonly #torrents: Pick<OwnerTorrents, 'add'>
  readonly #log: Log
  readonly #timer = setInterval(() => this.#lookIn(0), LOOK_MS)
  #watcher: FSWatcher | undefined
  #next: { readonly at: number; readonly timer: NodeJS.Timeout } | undefined
  readonly #oneAtATime = pLimit(1)
  #isClosed = false
  /** the last warning about each file, or the folder, so that it is logged once */
  readonly #warned = new Map<string, string>()
  /** files that were added but cannot be renamed, with their ctime, ms */
  readonly #notRenamed = new Map<string, number>()

  constructor(path: string, torrents: Pick<OwnerTorrents, 'add'>, log: Log) {
    this.#path = path
    this.#torrents = torrents
    this.#log = log
    this.#lookIn(0)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    clearTimeout(this.#next?.timer)
    await this.#oneAtATime(async () => undefined)
    this.#watcher?.close()
  }

  /** Looks after `ms`, or earlier if that is planned already. */
  #lookIn(ms: number): void {
    const at = performance.now() + ms
    if (this.#isClosed || (this.#next && this.#next.at <= at)) return
    clearTimeout(this.#next?.timer)
    const timer = setTimeout(() => {
      this.#next = undefined
      void this.#oneAtATime(() => this.#look())
    }, ms)
    this.#next = { at, timer }
  }

  async #look(): Promise<void> {
    try {
      this.#watch()
      const names = (await readdir(this.#path)).filter((name) => kindOf(name) !== undefined)
      for (const name of names.toSorted()) if (!this.#isClosed) await this.#lookAt(name)
      this.#warned.delete(this.#path)
    } catch (error) {
      this.#warnOnce(this.#path, 'watch folder: cannot be read', messageOf(error))
    }
  }

  /** Watches again from scratch: the path may lead to another folder than last time. */
  #watch(): void {
    this.#watcher?.close()
    this.#watcher = watch(this.#path, () => this.#lookIn(EVENT_MS))
    this.#watcher.on('error', () => this.#watcher?.close())
  }

  async #lookAt(name: string): Promise<void> {
    const path = join(this.#path, name)
    // A file that cannot be read is tried again; an empty one is about to be written.
    const file = await fileAt(path).catch(() => undefined)
    if (!file || file.size === 0 || this.#notRenamed.get(path) === file.ctimeMs) return
    const waitMs = settlingMs(file, Date.now())
    if (waitMs > 0) return this.#lookIn(waitMs)
    try {
      await this.#add(name, path, file)
      this.#log.info(`watch folder: added ${name}`)
      await this.#rename(path, 'added', file)
    } catch (error) {
      const isBad = error instanceof SelfStremeError && error.code === 'request.invalid'
      this.#warnOnce(path, `watch folder: cannot add ${name}`, messageOf(error))
      if (isBad) await this.#rename(path, 'bad', file)
    }
  }

  async #add(name: string, path: string, { size }: Stats): Promise<void> {
    if (isTooLong(name, size)) throw new SelfStremeError('request.invalid', `${size} bytes are too many`)
    for (const source of await torrentsIn(name, await readFile(path)))
      await this.#torrents.add({ source, selection: source.selected ? undefined : 'all', isPinned: true })
  }

  async #rename(path: string, ending: 'added' | 'bad', { ctimeMs }: Stats): Promise<void> {
    try {
      await moveToFree(path, `${path}.${ending}`)
      this.#warned.delete(path)
    } catch (error) {
      this.#notRenamed.set(path, ctimeMs)
      this.#log.warn('watch folder: file cannot be renamed', { path, reason: messageOf(error) })
    }
  }

  #warnOnce(about: string, message: string, reason: string): void {
    if (this.#warned.get(about) === reason) return
    this.#warned.set(about, reason)
    this.#log.warn(message, { reason })
  }
}
