import { basename, dirname, join } from 'node:path'
import { messageOf } from '../domain/errors.ts'
import type { FolderWatch } from '../files/folder-watch.ts'
import type { Log } from '../observe/log.ts'
import { infoHashOfFolder } from '../storage/torrent-folder.ts'

/** How often everything is looked at, for what nobody tells of. */
const CHECK_MS = 60_000
/** What we fetch and remove ourselves is known by then. */
const OWN_WORK_MS = 500

/** What is known of torrents on disk. */
interface Torrents {
  look(name: string): Promise<void>
  check(signal: AbortSignal): Promise<void>
}

/** What is known of files that the user put there. */
interface Placed {
  look(path: string): Promise<void>
  check(signal: AbortSignal): Promise<void>
}

/** Keeps what is known of the download folder true while others bring things into it and take them away. */
export function keepUp(
  root: string,
  watch: FolderWatch,
  torrents: Torrents,
  placed: Placed,
  log: Log,
): AsyncDisposable {
  const stop = new AbortController()
  /** names of folders of torrents that have appeared or vanished */
  const changed = new Set<string>()
  let looking: NodeJS.Timeout | undefined
  let checking: Promise<void> = Promise.resolve()
  let isChecking = false
  let hasFailed = false
  const timer = setInterval(() => {
    if (!isChecking) checking = check()
  }, CHECK_MS)

  watch.onChange(({ path, isNewOrGone }) => {
    if (!isNewOrGone || dirname(path) !== root || !infoHashOfFolder(basename(path))) return
    changed.add(basename(path))
    looking ??= setTimeout(() => void lookAtChanged(), OWN_WORK_MS).unref()
  })

  async function lookAtChanged(): Promise<void> {
    looking = undefined
    const names = [...changed]
    changed.clear()
    await surviving(async () => {
      for (const name of names) {
        await torrents.look(name)
        // Only now it is clear whose it is.
        await placed.look(join(root, name))
      }
    })
  }

  async function check(): Promise<void> {
    isChecking = true
    await surviving(async () => {
      await torrents.check(stop.signal)
      await placed.check(stop.signal)
      hasFailed = false
    })
    isChecking = false
  }

  /** A disk that is not there for a while is said once. */
  async function surviving(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (!hasFailed) log.warn('the download folder cannot be looked at', { root, reason: messageOf(error) })
      hasFailed = true
    }
  }

  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      clearTimeout(looking)
      stop.abort()
      await checking
    },
  }
}
