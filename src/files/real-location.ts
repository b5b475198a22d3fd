import { readlink, realpath } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'

/** As in Linux, see path_resolution(7). */
const MAX_LINKS = 40

/**
 * The path with all links resolved; the part that does not exist yet is appended unchanged.
 *
 * @param links - how many dangling links may be followed
 */
export async function realLocation(path: string, links = MAX_LINKS): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(path) === path) throw error
    const parent = await realLocation(dirname(path), links)
    // The target of a link may be created later.
    const target = await readlink(path).catch(() => undefined)
    if (target === undefined) return join(parent, basename(path))
    if (links === 0) throw Object.assign(new Error(`too many links at ${path}`), { code: 'ELOOP' })
    return realLocation(resolve(parent, target), links - 1)
  }
}

/** Whether a path is one of some folders or lies in one, with links resolved. */
export async function liesUnder(path: string, folders: readonly string[]): Promise<boolean> {
  const real = await realLocation(path)
  for (const folder of folders) if (isInside(await realLocation(folder), real)) return true
  return false
}

/** Whether a path is a folder or lies in it; links are not resolved. @param path - absolute */
export function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path)
  // Between two drives of Windows, `relative` returns an absolute path.
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}
