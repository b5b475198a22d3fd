import { constants, type Stats } from 'node:fs'
import { open } from 'node:fs/promises'
import { writeFileAtomic } from './write-file-atomic.ts'

const MAX_BYTES = 4096
const OTHERS = 0o077

export interface SecretFile {
  readonly content: string
  /** what lets other users of the machine know or choose the content; `undefined` if nothing does */
  readonly weakness: string | undefined
}

/**
 * Reads a small file that holds a secret, but not through a symbolic link, and without waiting for a pipe.
 *
 * @throws the system's error, or one that says that this is no such file
 */
export async function readSecretFile(path: string): Promise<SecretFile> {
  // Windows has neither flag.
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants
  await using file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  const stats = await file.stat()
  if (!stats.isFile()) throw new Error(`${path} is not a regular file`)
  if (stats.size > MAX_BYTES) throw new Error(`${path} is larger than ${MAX_BYTES} bytes`)
  return { content: await file.readFile('utf8'), weakness: weaknessOf(stats) }
}

/**
 * Writes a file that only the user of this process can read. In one step, so that a reader sees all of it or what was
 * there before; a symbolic link of that name is replaced, and what it points to stays as it is.
 */
export async function writeSecretFile(path: string, content: string): Promise<void> {
  await writeFileAtomic(path, content, 0o600)
}

function weaknessOf({ uid, mode, nlink }: Stats): string | undefined {
  const { getuid } = process
  // Windows keeps neither owner nor mode.
  if (!getuid) return undefined
  if (uid !== getuid()) return `it belongs to another user (${uid})`
  if ((mode & OTHERS) !== 0) return `other users can read or write it (mode ${(mode & 0o777).toString(8)})`
  return nlink === 1 ? undefined : 'it has a second name'
}
