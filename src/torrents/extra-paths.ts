import { readlink, realpath } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { SelfStremeError } from '../domain/errors.ts'

/**
 * Whether a torrent may be put into a folder: it must lie under one that the user named, also when all links are
 * followed.
 *
 * @param path - need not exist yet
 * @returns where it really is
 * @throws SelfStremeError `torrent.bad_path`
 */
export async function allowedPath(path: string, extraPaths: readonly string[]): Promise<string> {
  const wanted = await realLocation(resolve(path))
  for (const allowed of extraPaths) {
    const way = relative(await realLocation(allowed), wanted)
    if (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)) return wanted
  }
  throw new SelfStremeError('torrent.bad_path', `${path} is not under one of TORRENT_EXTRA_PATHS`)
}

/** Where a path leads when all links in it are followed; what does not exist yet is put behind what does. */
async function realLocation(path: string): Promise<string> {
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
