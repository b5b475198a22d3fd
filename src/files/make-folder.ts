import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Makes a folder and those above it, where they are missing. Step by step, because Node's own `recursive` never ends
 * where the system says ENOENT of a name in a folder that exists, as /proc does.
 *
 * @throws the system's error, or one that says that something else has the name
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') {
      if (!(await stat(path)).isDirectory()) throw new Error(`${path} is not a folder`, { cause: error })
    } else if (code === 'ENOENT' && dirname(path) !== path) {
      await makeFolder(dirname(path))
      await mkdir(path)
    } else throw error
  }
}
