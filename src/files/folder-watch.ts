import { type FSWatcher, watch } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../domain/errors.ts'
import type { Log } from '../observe/log.ts'
import { isAbsent } from './if-there.ts'

/** A system has only so many watches to give out, to all programs together. */
const MAX_FOLDERS = 1_000

export interface FolderChange {
  /** what has changed; a folder that is watched, where the system does not say what in it */
  readonly path: string
  /** It appeared or vanished; otherwise it was written to. */
  readonly isNewOrGone: boolean
}

/**
 * Hears of what appears in folders, vanishes and is written to, as soon as it happens. Not of everything: disks on the
 * network do not tell, and a system may have no watch left. So whoever listens has to look by himself now and then.
 *
 * Node's own `fs.watch`, because a library such as chokidar takes a watch for each file, of which there may be ten
 * thousand; the system tells of the files in a folder that is watched.
 */
export class FolderWatch implements Disposable {
  readonly #log: Log
  readonly #watchers = new Map<string, FSWatcher>()
  readonly #listeners = new Set<(change: FolderChange) => void>()
  #hasComplained = false

  constructor(log: Log) {
    this.#log = log
  }

  onChange(listener: (change: FolderChange) => void): void {
    this.#listeners.add(listener)
  }

  /** Watches a folder, not those in it. One that is watched already is watched anew: another may have its name. */
  add(directory: string): void {
    const former = this.#watchers.get(directory)
    if (!former && this.#watchers.size >= MAX_FOLDERS)
      return this.#complain(directory, `${MAX_FOLDERS} folders are watched already`)
    try {
      const watcher = watch(directory, { persistent: false }, (event, name) => {
        const path = name === null ? directory : join(directory, name)
        for (const tell of this.#listeners) tell({ path, isNewOrGone: event === 'rename' })
      })
      watcher.on('error', (error) => {
        if (this.#watchers.get(directory) === watcher) this.remove(directory)
        this.#complain(directory, messageOf(error))
      })
      this.#watchers.set(directory, watcher)
    } catch (error) {
      this.#watchers.delete(directory)
      if (!isAbsent(error)) this.#complain(directory, messageOf(error))
    }
    // Not before the new one is there, so that nothing happens in between.
    former?.close()
  }

  remove(directory: string): void {
    this.#watchers.get(directory)?.close()
    this.#watchers.delete(directory)
  }

  [Symbol.dispose](): void {
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
  }

  #complain(directory: string, reason: string): void {
    if (this.#hasComplained) return
    this.#hasComplained = true
    this.#log.warn('a folder cannot be watched: what changes there is noticed later', { directory, reason })
  }
}
