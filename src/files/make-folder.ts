import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Makes a folder and its missing parents. Step by step, because Node's `recursive` loops forever if the system reports
 * ENOENT for a name in an existing folder, as /proc does.
 *
 * @throws the system's error, or an error if the name is taken by something else
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
