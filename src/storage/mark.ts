import { lstat, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileAtomic } from '../files/write-file-atomic.ts'

/** The subfolder that marks a folder as ours, and holds our notes on it. */
export const OURS = '.self-streme'

/**
 * Whether a folder is ours: the mark in it is a real folder, and no part of the path is a symbolic link. Nothing is
 * written, renamed or removed in any other folder.
 *
 * @param directory - its real path; if a link has been put into it since, the answer is no
 */
export function isOurs(directory: string): Promise<boolean> {
  return mustBeOurs(directory).then(
    () => true,
    () => false,
  )
}

/** @throws the system's error if the folder does not exist; an error with code `ENOENT` if it is not {@link isOurs} */
export async function mustBeOurs(directory: string): Promise<void> {
  const mark = join(directory, OURS)
  const isReal = (await realpath(mark)) === mark && (await lstat(mark)).isDirectory()
  // Same meaning for callers: the folder that they know is gone.
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
