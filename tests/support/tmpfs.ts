import { statfsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run, runAsRoot } from './as-root.ts'
import { skipped } from './installed.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** Whether this process may mount file systems. */
export const canMount = tryToMount()

/** A small disk in memory. */
export interface Tmpfs extends AsyncDisposable {
  readonly path: string
  /** Bytes that can still be written. */
  freeBytes(): number
  /** The same, as `df` shows it. */
  availableByDf(): number
  /** Puts a file of the user's on it, so large that at most `freeBytes` are left. */
  fillTo(freeBytes: number): Promise<void>
  /** Removes that file again. */
  clear(): Promise<void>
  /** Fails while a file is open for writing, as in the system. */
  remount(mode: 'ro' | 'rw'): void
}

export async function mountTmpfs(bytes: number): Promise<Tmpfs> {
  const folder = await temporaryFolder()
  const { path } = folder
  mount('-t', 'tmpfs', '-o', `size=${bytes},mode=1777`, 'tmpfs', path)
  const mine = join(path, 'mine.bin')
  const freeBytes = () => {
    const { bavail, bsize } = statfsSync(path)
    return bavail * bsize
  }
  return {
    path,
    freeBytes,
    availableByDf: () => Number(run('df', '--output=avail', '-B1', path).split('\n')[1]),
    async fillTo(left) {
      await rm(mine, { force: true })
      await writeFile(mine, Buffer.alloc(Math.max(0, freeBytes() - left), 1)).catch(unlessFull)
    },
    clear: () => rm(mine),
    remount: (mode) => mount('-o', `remount,${mode}`, path),
    async [Symbol.asyncDispose]() {
      unmount(path)
      await folder[Symbol.asyncDispose]()
    },
  }
}

/**
 * Makes a folder read-only for every open from now on, until disposed. Files already open are not affected, so the
 * system allows it at any time.
 */
export function makeReadOnly(path: string): Disposable {
  mount('--bind', path, path)
  mount('-o', 'remount,bind,ro', path)
  return { [Symbol.dispose]: () => unmount(path) }
}

function mount(...options: string[]): void {
  runAsRoot('mount', ...options)
}

/** Lazily: a server left over by a test must not block it. */
function unmount(path: string): void {
  runAsRoot('umount', '--lazy', path)
}

/** Another process may have taken the last page meanwhile. */
function unlessFull(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOSPC') throw error
}

function tryToMount(): boolean {
  try {
    // In a mount namespace of its own, which needs no clean-up.
    runAsRoot('unshare', '--mount', 'mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', '/mnt')
    return true
  } catch (cause) {
    const why = String(cause).split('\n')[0]
    return skipped(
      'tests on a full disk',
      `no disk can be mounted (${why})`,
      'needs root, or sudo without a password',
      cause,
    )
  }
}
