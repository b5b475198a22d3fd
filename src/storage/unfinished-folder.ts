import { randomUUID } from 'node:crypto'
import { lstat, mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { exists } from '../files/free-name.ts'
import { makeFolder } from '../files/make-folder.ts'
import { MadeFiles } from './made-files.ts'
import { isOurs, OURS } from './mark.ts'

/** Folders of ours that are not finished yet are called so; one that is left over goes after a day. */
const UNFINISHED = /^\.new-.+-[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/
const UNFINISHED_FOR_MS = 24 * 60 * 60 * 1000

/** A folder with our mark in it, under a name that nobody looks at, to be filled and then {@link finishFolder}ed. */
export async function makeUnfinishedFolder(base: string, name: string): Promise<string> {
  const unfinished = join(base, `.new-${name}-${randomUUID()}`)
  await makeFolder(base)
  await mkdir(unfinished)
  try {
    await mkdir(join(unfinished, OURS))
    await MadeFiles.begin(unfinished)
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    throw error
  }
  return unfinished
}

/**
 * Gives an unfinished folder its name, all of it in one step.
 *
 * @throws the system's error; `EEXIST` or `ENOTEMPTY` if something has the name
 */
export async function finishFolder(unfinished: string, directory: string): Promise<void> {
  try {
    // The system itself would replace a folder in which nothing is.
    if (await exists(directory)) throw Object.assign(new Error(`${directory} exists`), { code: 'EEXIST' })
    await rename(unfinished, directory)
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    throw error
  }
}

/** Removes what lies in `root` under a name, if it is a folder that a crash left unfinished a day ago. */
export async function removeIfLeftOver(root: string, name: string): Promise<void> {
  const path = join(root, name)
  if (!UNFINISHED.test(name) || Date.now() - (await lastTouchedAt(path)) < UNFINISHED_FOR_MS) return
  // Where it cannot be removed, as on a disk that is read-only, it does no harm.
  if (await isOurs(path)) await rm(path, { recursive: true, force: true }).catch(() => undefined)
  // The mark is the first thing in it: in an empty one it was just about to be made.
  else await rmdir(path).catch(() => undefined)
}

/**
 * When something was last done with a folder, or with anything in it, epoch ms. What is linked or copied into it may
 * have any date of change, but not any time at which the system noted that.
 */
async function lastTouchedAt(path: string): Promise<number> {
  const below = await readdir(path, { recursive: true }).catch(() => [])
  const paths = [path, ...below.map((name) => join(path, name))]
  const touched = await Promise.all(
    paths.map(async (each) => (await lstat(each).catch(() => undefined))?.ctimeMs ?? Date.now()),
  )
  return Math.max(...touched)
}
