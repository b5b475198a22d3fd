import { statfsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run, runAsRoot } from './as-root.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** Whether this process may mount file systems. Where `CI` is set, it has to. */
export const canMount = tryToMount()

/** A small disk in memory. */
export interface Tmpfs extends AsyncDisposable {
  readonly path: string
  /** Bytes that may still be written. */
  freeBytes(): number
  /** The same, as `df` shows it. */
  availableByDf(): number
  /** Puts a file of the user's on it, so large that no more than `freeBytes` are left. */
  fillTo(freeBytes: number): Promise<void>
  /** Takes that file away again. */
  clear(): Promise<void>
  /** Fails while somebody has a file open for writing, as the system has it. */
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
 * Makes a folder read-only for whoever opens a file in it from now on, until this is disposed of. What is open stays as
 * it is, which is why the system lets it happen at any time.
 */
export function makeReadOnly(path: string): Disposable {
  mount('--bind', path, path)
  mount('-o', 'remount,bind,ro', path)
  return { [Symbol.dispose]: () => unmount(path) }
}

function mount(...options: string[]): void {
  runAsRoot('mount', ...options)
}

/** Lazily: a server that a test left behind must not keep the disk. */
function unmount(path: string): void {
  runAsRoot('umount', '--lazy', path)
}

/** Somebody else may have taken the last page of it meanwhile. */
function unlessFull(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOSPC') throw error
}

function tryToMount(): boolean {
  try {
    // In a name space of its own, where it does not have to be taken away again.
    runAsRoot('unshare', '--mount', 'mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', '/mnt')
    return true
  } catch (error) {
    const missing = `nothing can be mounted here (${String(error).split('\n')[0]})`
    if (process.env.CI) throw new Error(missing)
    console.warn(
      `\n*** ${missing}: the tests on a full disk are LEFT OUT. They need root, or sudo without a password. ***\n`,
    )
    return false
  }
}
