import type { Stats } from 'node:fs'
import { lstat, stat } from 'node:fs/promises'

/**
 * The stats of what a path leads to, links followed; `undefined` if there is nothing.
 *
 * @throws the system's error if it is not known: a failing disk (EIO) or an unreadable folder (EACCES) does not mean
 * that a file was deleted
 */
export async function statIfThere(path: string): Promise<Stats | undefined> {
  return stat(path).catch(undefinedIfAbsent)
}

/** The stats of the name itself, which may be a link. @throws as {@link statIfThere} */
export async function lstatIfThere(path: string): Promise<Stats | undefined> {
  return lstat(path).catch(undefinedIfAbsent)
}

/** Whether the name exists, dangling links included. @throws as {@link statIfThere} */
export async function exists(path: string): Promise<boolean> {
  return (await lstatIfThere(path)) !== undefined
}

/** Whether an error means that a name does not exist (ENOENT), or that a parent is not a folder (ENOTDIR). */
export function isAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR'
}

/** For `catch`: `undefined` if {@link isAbsent}. @throws any other error */
export function undefinedIfAbsent(error: unknown): undefined {
  if (!isAbsent(error)) throw error
}
