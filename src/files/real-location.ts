import { readlink, realpath } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'

/** Where a path leads when all links in it are followed; what does not exist yet is put behind what does. */
export async function realLocation(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error
    const parent = await realLocation(dirname(path))
    // What a link leads to may come to be there later.
    const target = await readlink(path).catch(() => undefined)
    return target === undefined ? join(parent, basename(path)) : realLocation(resolve(parent, target))
  }
}

/** Whether a path lies under one of some folders, or is one of them, when all links are followed. */
export async function liesUnder(path: string, folders: readonly string[]): Promise<boolean> {
  const real = await realLocation(path)
  for (const folder of folders) if (isInside(await realLocation(folder), real)) return true
  return false
}

/** Whether a path is that of a folder, or of something in it; links are not followed. @param path - absolute */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path)
  // On another drive of Windows, there is no relative way.
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}
