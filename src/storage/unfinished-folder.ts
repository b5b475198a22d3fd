import { randomUUID } from 'node:crypto'
import { lstat, mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { exists } from '../files/if-there.ts'
import { makeFolder } from '../files/make-folder.ts'
import { MadeFiles } from './made-files.ts'
import { isOurs, OURS } from './mark.ts'

/** Names of folders that are being made; leftovers are removed after a day. */
const UNFINISHED = /^\.new-.+-[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/
const UNFINISHED_FOR_MS = 24 * 60 * 60 * 1000

/** Makes a folder with our mark in it under a temporary name, to be filled and then passed to {@link finishFolder}. */
export async function makeUnfinishedFolder(base: string, name: string): Promise<string> {
  const unfinished = join(base, `.new-${name}-${randomUUID()}`)
  await makeFolder(base)
  await mkdir(unfinished)
  try {
    await mkdir(join(unfinished, OURS))
    await MadeFiles.beginNew(unfinished)
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    throw error
  }
  return unfinished
}

/**
 * Gives an unfinished folder its final name, in one step.
 *
 * @throws the system's error; `EEXIST` or `ENOTEMPTY` if the name is taken
 */
export async function finishFolder(unfinished: string, directory: string): Promise<void> {
  try {
    // `rename` would replace an empty folder.
    if (await exists(directory)) throw Object.assign(new Error(`${directory} exists`), { code: 'EEXIST' })
    await rename(unfinished, directory)
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    throw error
  }
}

/** Removes an entry of `root` if it is a folder that a crash left unfinished at least a day ago. */
export async function removeIfLeftOver(root: string, name: string): Promise<void> {
  const path = join(root, name)
  if (!UNFINISHED.test(name) || Date.now() - (await lastTouchedAt(path)) < UNFINISHED_FOR_MS) return
  // Failing, as on a read-only disk, does no harm.
  if (await isOurs(path)) await rm(path, { recursive: true, force: true }).catch(() => undefined)
  // The mark is made first, so an unmarked folder of ours is empty.
  else await rmdir(path).catch(() => undefined)
}

/**
 * When a folder or anything in it was last changed, epoch ms. By ctime: a file that is linked or copied into it may
 * have any mtime.
 */
async function lastTouchedAt(path: string): Promise<number> {
  const below = await readdir(path, { recursive: true }).catch(() => [])
  const paths = [path, ...below.map((name) => join(path, name))]
  const touched = await Promise.all(
    paths.map(async (each) => (await lstat(each).catch(() => undefined))?.ctimeMs ?? Date.now()),
  )
  return Math.max(...touched)
}
