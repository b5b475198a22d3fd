import { type FSWatcher, watch } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../domain/errors.ts'
import type { Log } from '../observe/log.ts'
import { isAbsent } from './if-there.ts'

/** The system has a limited number of watches for all programs together. */
const MAX_FOLDERS = 1_000

export interface FolderChange {
  /** what has changed; the watched folder itself, if the system does not say what in it */
  readonly path: string
  /** It appeared or disappeared; otherwise its content changed. */
  readonly isNewOrGone: boolean
}

/**
 * Reports what appears, disappears and changes in folders. Reports are incomplete: network disks send none, and the
 * system may run out of watches. So users of this class must also scan from time to time.
 *
 * Uses `fs.watch`, because chokidar takes one watch per file, of which there may be ten thousand; a watch on a folder
 * covers the files in it.
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

  /** Watches a folder, not its subfolders. A watched folder is watched again, since another may have taken its name. */
  add(directory: string): void {
    const former = this.#watchers.get(directory)
    if (!former && this.#watchers.size >= MAX_FOLDERS)
      return this.#complain(directory, `the limit of ${MAX_FOLDERS} watched folders is reached`)
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
    // Closed after the new watch exists, so that no change is missed.
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
    this.#log.warn('folder cannot be watched; changes in it are noticed later', { directory, reason })
  }
}
