import type { Stats } from 'node:fs'
import { lstat, stat } from 'node:fs/promises'

/**
 * What a path leads to, links followed; `undefined` if there is nothing.
 *
 * @throws the system's error, if it cannot be told: a disk that fails (EIO) or a folder that may not be read (EACCES)
 * does not mean that a file was deleted
 */
export async function statIfThere(path: string): Promise<Stats | undefined> {
  return stat(path).catch(undefinedIfAbsent)
}

/** The same of the name itself, which may be a link's. */
export async function lstatIfThere(path: string): Promise<Stats | undefined> {
  return lstat(path).catch(undefinedIfAbsent)
}

/** Whether there is anything of that name, be it a link that leads nowhere. @throws as {@link statIfThere} */
export async function exists(path: string): Promise<boolean> {
  return (await lstatIfThere(path)) !== undefined
}

/** Whether an error says that a name does not exist (ENOENT), or that something above it is no folder (ENOTDIR). */
export function isAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR'
}

/** For `catch`: `undefined` if {@link isAbsent}. @throws any other error */
export function undefinedIfAbsent(error: unknown): undefined {
  if (!isAbsent(error)) throw error
}
