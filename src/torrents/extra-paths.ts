import { resolve } from 'node:path'
import { SelfStremeError } from '../domain/errors.ts'
import { liesUnder, realLocation } from '../files/real-location.ts'

/**
 * Checks that a torrent may be put into a folder: it must be under an extra path, with all links followed.
 *
 * @param path - need not exist yet
 * @returns where it really is
 * @throws SelfStremeError `torrent.bad_path`
 */
export async function allowedPath(path: string, extraPaths: readonly string[]): Promise<string> {
  const wanted = await realLocation(resolve(path))
  if (await liesUnder(wanted, extraPaths)) return wanted
  throw new SelfStremeError('torrent.bad_path', `${path} is not under one of TORRENT_EXTRA_PATHS`)
}
