import { link, rename, unlink } from 'node:fs/promises'
import { exists } from './if-there.ts'

/** Gives a file the name that is wanted, or that name with a number behind it where something has it. */
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
 * Gives a file a new name on the same file system. `rename` alone would replace a file that has the name by now.
 *
 * @throws the system's error; `EEXIST` if something has the name
 */
export async function moveTo(from: string, to: string): Promise<void> {
  try {
    await link(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw error
    // Not all file systems can link.
    if (await exists(to)) throw Object.assign(new Error(`${to} exists`), { code: 'EEXIST' })
    return rename(from, to)
  }
  await unlink(from)
}
