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
  for (const folder of folders) {
    const way = relative(await realLocation(folder), real)
    if (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)) return true
  }
  return false
}
