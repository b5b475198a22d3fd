import { type FSWatcher, type Stats, watch } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pLimit from 'p-limit'
import { messageOf, SelfStremeError } from '../domain/errors.ts'
import { fileAt, settlingMs } from '../files/finished-writing.ts'
import { moveToFree } from '../files/free-name.ts'
import type { Log } from '../observe/log.ts'
import type { Library } from './torrents.ts'
import { isTooLong, kindOf, torrentsIn } from './watched-file.ts'

/** No news comes of folders on other machines. */
const LOOK_MS = 30_000
/** Several things happen at once when a file comes. */
const NEWS_MS = 50

/**
 * Adds what is put into a folder: torrent files, and files of magnet links. Each is renamed when it has been taken, or
 * when there is something wrong with it, so that it is taken once. What there is no room for stays as it is.
 */
export class WatchFolder implements AsyncDisposable {
  readonly #path: string
  readonly #library: Pick<Library, 'add'>
  readonly #log: Log
  readonly #timer = setInterval(() => this.#lookIn(0), LOOK_MS)
  #watcher: FSWatcher | undefined
  #next: { readonly at: number; readonly timer: NodeJS.Timeout } | undefined
  readonly #oneAtATime = pLimit(1)
  #isClosed = false
  /** what was said of a file, or of the folder, so that it is said once */
  readonly #said = new Map<string, string>()
  /** files that cannot be renamed, as they were when they were dealt with */
  readonly #dealtWith = new Map<string, number>()

  constructor(path: string, library: Pick<Library, 'add'>, log: Log) {
    this.#path = path
    this.#library = library
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

  /** Looks after a while, unless that is to be done sooner. */
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
      this.#said.delete(this.#path)
    } catch (error) {
      this.#sayOnce(this.#path, 'the watch folder cannot be read', messageOf(error))
    }
  }

  /** Hears of what happens in the folder from now on; another one may have got its name since the last time. */
  #watch(): void {
    this.#watcher?.close()
    this.#watcher = watch(this.#path, () => this.#lookIn(NEWS_MS))
    this.#watcher.on('error', () => this.#watcher?.close())
  }

  async #lookAt(name: string): Promise<void> {
    const path = join(this.#path, name)
    // What cannot be looked at may be the next time; one that is empty is about to be written.
    const file = await fileAt(path).catch(() => undefined)
    if (!file || file.size === 0 || this.#dealtWith.get(path) === file.ctimeMs) return
    const waitMs = settlingMs(file, Date.now())
    if (waitMs > 0) return this.#lookIn(waitMs)
    try {
      await this.#take(name, path, file)
      this.#log.info(`Taken from the watch folder: ${name}`)
      await this.#rename(path, 'added', file)
    } catch (error) {
      const isBad = error instanceof SelfStremeError && error.code === 'request.invalid'
      this.#sayOnce(path, `not taken from the watch folder: ${name}`, messageOf(error))
      if (isBad) await this.#rename(path, 'bad', file)
    }
  }

  async #take(name: string, path: string, { size }: Stats): Promise<void> {
    if (isTooLong(name, size)) throw new SelfStremeError('request.invalid', `it is too long: ${size} bytes`)
    for (const source of await torrentsIn(name, await readFile(path)))
      await this.#library.add({ source, selection: source.selected ? undefined : 'all', isPinned: true })
  }

  async #rename(path: string, ending: 'added' | 'bad', { ctimeMs }: Stats): Promise<void> {
    try {
      await moveToFree(path, `${path}.${ending}`)
      this.#said.delete(path)
    } catch (error) {
      this.#dealtWith.set(path, ctimeMs)
      this.#log.warn('a file in the watch folder cannot be renamed', { path, reason: messageOf(error) })
    }
  }

  #sayOnce(about: string, message: string, reason: string): void {
    if (this.#said.get(about) === reason) return
    this.#said.set(about, reason)
    this.#log.warn(message, { reason })
  }
}
