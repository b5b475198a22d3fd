import { constants, type Stats } from 'node:fs'
import { open } from 'node:fs/promises'

export interface SmallFile {
  readonly content: string
  readonly stats: Stats
}

/**
 * Reads a small file that others may have changed. Symbolic links are not followed, and pipes are not waited for.
 *
 * @throws the system's error, or an error if it is not a regular file of at most `maxBytes`
 */
export async function readSmallFile(path: string, maxBytes: number): Promise<SmallFile> {
  // Both flags are missing on Windows.
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants
  await using file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  const stats = await file.stat()
  if (!stats.isFile()) throw new Error(`${path} is not a regular file`)
  if (stats.size > maxBytes) throw new Error(`${path} is larger than ${maxBytes} bytes`)
  return { content: await file.readFile('utf8'), stats }
}
