import { stat } from 'node:fs/promises'
import { resolve, sep } from 'node:path'
import { SelfStremeError } from '../domain/errors.ts'
import { liesUnder, realLocation } from '../files/real-location.ts'

/** Folders below an extra path. The cost of finding a path grows with the square of its depth. */
const MAX_LEVELS = 64
/** The limit of common file systems, bytes. */
const MAX_NAME_LENGTH = 255
/** Bytes; half of what Linux accepts, so that there is room for the names of a torrent's files. */
const MAX_PATH_LENGTH = 2_048

/** Errors of the system that are mistakes in the path. */
const MISTAKES: Readonly<Record<string, string>> = {
  ENAMETOOLONG: 'is too long for the disk',
  ENOTDIR: 'is below a file (expected a folder)',
  ELOOP: 'has a link that leads back to itself',
  EACCES: 'is in a folder that the server may not read',
}

/**
 * Checks that a torrent may be put into a folder: it must be under an extra path, with all links followed.
 *
 * @param path - need not exist yet
 * @returns where it really is
 * @throws SelfStremeError `torrent.bad_path`
 */
export async function allowedPath(path: string, extraPaths: readonly string[]): Promise<string> {
  const mistake = mistakeIn(path, extraPaths)
  if (mistake !== undefined) throw badPath(path, mistake)
  const wanted = await realLocation(resolve(path)).catch((error: NodeJS.ErrnoException) => {
    const mistake = MISTAKES[error.code ?? '']
    throw mistake === undefined ? error : badPath(path, mistake)
  })
  if (!(await liesUnder(wanted, extraPaths))) throw badPath(path, 'is not under one of TORRENT_EXTRA_PATHS')
  const found = await stat(wanted).catch(() => undefined)
  if (found && !found.isDirectory()) throw badPath(path, 'is a file (expected a folder)')
  return wanted
}

/** What is wrong with a path, as far as its text shows. */
function mistakeIn(path: string, extraPaths: readonly string[]): string | undefined {
  if (path.includes('\0')) return 'contains a null character'
  if (Buffer.byteLength(path) > MAX_PATH_LENGTH) return `is longer than ${MAX_PATH_LENGTH} bytes`
  const names = namesIn(path)
  if (names.some((name) => Buffer.byteLength(name) > MAX_NAME_LENGTH))
    return `has a name of more than ${MAX_NAME_LENGTH} bytes`
  const most = MAX_LEVELS + Math.max(0, ...extraPaths.map((extraPath) => namesIn(extraPath).length))
  return names.length > most
    ? `is more than ${MAX_LEVELS} folders below one of TORRENT_EXTRA_PATHS`
    : undefined
}

function namesIn(path: string): string[] {
  return resolve(path)
    .split(sep)
    .filter((name) => name !== '')
}

function badPath(path: string, mistake: string): SelfStremeError {
  const shown = path.length > 200 ? `${path.slice(0, 200)}…` : path
  return new SelfStremeError('torrent.bad_path', `${shown} ${mistake}`)
}
