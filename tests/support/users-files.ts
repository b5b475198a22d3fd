import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { temporaryFolder } from './temporary-folder.ts'

/** A user with files at home, and a download folder on the same disk. */
export interface User extends AsyncDisposable {
  /** folder of the files */
  readonly home: string
  /** the download folder */
  readonly root: string
}

/** @param files - bytes by their paths in the home folder */
export async function userWith(files: Readonly<Record<string, Uint8Array>>): Promise<User> {
  const folder = await temporaryFolder()
  const [home, root] = [join(folder.path, 'home'), join(folder.path, 'downloads')]
  await mkdir(root)
  for (const [name, bytes] of Object.entries(files)) {
    await mkdir(dirname(join(home, name)), { recursive: true })
    await writeFile(join(home, name), bytes)
  }
  return { home, root, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}
