import { link, rename, unlink } from 'node:fs/promises'
import { exists } from './if-there.ts'

/** Gives a file a name, with a number appended if the name is taken. */
export async function moveToFree(from: string, wanted: string): Promise<void> {
  for (let n = 1; ; n++) {
    try {
      return await moveTo(from, n === 1 ? wanted : `${wanted}.${n}`)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}

/**
 * Renames a file within its file system, without replacing an existing file as `rename` would.
 *
 * @throws the system's error; `EEXIST` if the name is taken
 */
export async function moveTo(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw error
    // For file systems without hard links.
    if (await exists(to)) throw Object.assign(new Error(`${to} exists`), { code: 'EEXIST' })
    return rename(from, to)
  }
  await unlink(from)
}
