import { basename, dirname, join } from 'node:path'
import { messageOf } from '../domain/errors.ts'
import type { FolderWatch } from '../files/folder-watch.ts'
import type { Log } from '../observe/log.ts'
import { infoHashOfFolder } from '../storage/torrent-folder.ts'

/** How often everything is examined, for changes that are not reported. */
const CHECK_MS = 60_000
/** What the server itself fetches and removes is in the index by then. */
const OWN_WORK_MS = 500

/** The index of torrents, or that of placed files. */
interface Examined {
  /** @param where - a name in the download folder, for torrents; a path, for placed files */
  look(where: string): Promise<void>
  check(signal: AbortSignal): Promise<void>
}

export interface DownloadFolderParts {
  readonly watch: FolderWatch
  readonly torrents: Examined
  readonly placed: Examined
}

/** Keeps the indexes of the download folder true while other programs add and remove things. */
export class DownloadFolderWatch implements AsyncDisposable {
  readonly #root: string
  readonly #torrents: Examined
  readonly #placed: Examined
  readonly #log: Log
  readonly #stop = new AbortController()
  readonly #timer: NodeJS.Timeout
  /** names of torrent folders that have appeared or vanished */
  readonly #changed = new Set<string>()
  #looking: NodeJS.Timeout | undefined
  #checking: Promise<void> = Promise.resolve()
  #isChecking = false
  #hasFailed = false

  constructor(root: string, { watch, torrents, placed }: DownloadFolderParts, log: Log) {
    this.#root = root
    this.#torrents = torrents
    this.#placed = placed
    this.#log = log
    this.#timer = setInterval(() => {
      if (!this.#isChecking) this.#checking = this.#check()
    }, CHECK_MS)
    watch.onChange(({ path, isNewOrGone }) => {
      if (!isNewOrGone || dirname(path) !== root || !infoHashOfFolder(basename(path))) return
      this.#changed.add(basename(path))
      this.#looking ??= setTimeout(() => void this.#lookAtChanged(), OWN_WORK_MS).unref()
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    clearTimeout(this.#looking)
    this.#stop.abort()
    await this.#checking
  }

  async #lookAtChanged(): Promise<void> {
    this.#looking = undefined
    const names = [...this.#changed]
    this.#changed.clear()
    await this.#surviving(async () => {
      for (const name of names) {
        await this.#torrents.look(name)
        // Only now it is known whether the folder is ours.
        await this.#placed.look(join(this.#root, name))
      }
    })
  }

  async #check(): Promise<void> {
    this.#isChecking = true
    await this.#surviving(async () => {
      await this.#torrents.check(this.#stop.signal)
      await this.#placed.check(this.#stop.signal)
      this.#hasFailed = false
    })
    this.#isChecking = false
  }

  /** A disk that is unmounted for a while is logged once. */
  async #surviving(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      const fields = { root: this.#root, reason: messageOf(error) }
      if (!this.#hasFailed) this.#log.warn('the download folder cannot be read', fields)
      this.#hasFailed = true
    }
  }
}
