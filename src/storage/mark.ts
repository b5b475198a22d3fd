import { lstat, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileAtomic } from '../files/write-file-atomic.ts'

/** What makes a folder ours, and holds what we know about it. */
export const OURS = '.self-streme'

/**
 * Whether a folder is ours: our mark in it is a real folder, and neither the mark, nor the folder, nor anything on the
 * way there is a symbolic link. Nothing is written, renamed or removed in a folder that is not.
 *
 * @param directory - its real path: where that leads through a link by now, the folder is another one
 */
export function isOurs(directory: string): Promise<boolean> {
  return mustBeOurs(directory).then(
    () => true,
    () => false,
  )
}

/** @throws the system's error where there is nothing; an error with the code `ENOENT` where it is not {@link isOurs} */
export async function mustBeOurs(directory: string): Promise<void> {
  const mark = join(directory, OURS)
  const isReal = (await realpath(mark)) === mark && (await lstat(mark)).isDirectory()
  // For callers it is the same: the folder that they know is gone.
  if (!isReal)
    throw Object.assign(new Error(`${directory} is not a folder of self-streme`), { code: 'ENOENT' })
}

/** Mode of a note that other users of the machine must not read. */
export const ONLY_OURS = 0o600

/** Replaces a note in a folder of ours. @throws as {@link mustBeOurs}; the system's error */
export async function writeNote(
  directory: string,
  name: string,
  content: string | Uint8Array,
  mode?: number,
): Promise<void> {
  await mustBeOurs(directory)
  await writeFileAtomic(join(directory, OURS, name), content, mode)
}
