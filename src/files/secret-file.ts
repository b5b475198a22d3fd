import type { Stats } from 'node:fs'
import { readSmallFile } from './small-file.ts'
import { writeFileAtomic } from './write-file-atomic.ts'

const MAX_BYTES = 4096
const OTHERS = 0o077

export interface SecretFile {
  readonly content: string
  /** why other users of the machine may know or choose the content; `undefined` if they cannot */
  readonly weakness: string | undefined
}

/**
 * Reads a small file that holds a secret. Symbolic links are not followed, and pipes are not waited for.
 *
 * @throws the system's error, or an error if it is not a small regular file
 */
export async function readSecretFile(path: string): Promise<SecretFile> {
  const { content, stats } = await readSmallFile(path, MAX_BYTES)
  return { content, weakness: weaknessOf(stats) }
}

/**
 * Writes a file that only the user of this process can read, in one step: a reader sees the old content or the new. A
 * symbolic link of that name is replaced; its target stays as it is.
 */
export async function writeSecretFile(path: string, content: string): Promise<void> {
  await writeFileAtomic(path, content, 0o600)
}

function weaknessOf({ uid, mode, nlink }: Stats): string | undefined {
  const { getuid } = process
  // Windows has neither owner nor mode.
  if (!getuid) return undefined
  if (uid !== getuid()) return `it belongs to another user (${uid})`
  if ((mode & OTHERS) !== 0) return `other users can read or write it (mode ${(mode & 0o777).toString(8)})`
  return nlink === 1 ? undefined : 'it has a second hard link'
}
