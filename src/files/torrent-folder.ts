import { randomUUID } from 'node:crypto'
import { lstat, mkdir, readdir, readFile, rename, rm, rmdir, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { messageOf, SelfStremeError } from '../domain/errors.ts'
import { fewAtATime } from '../domain/few-at-a-time.ts'
import { safeFileNames } from '../domain/file-names.ts'
import { type InfoHash, parseInfoHash } from '../domain/info-hash.ts'
import type { TorrentInfo } from '../domain/metainfo.ts'
import { readTorrentInfo } from '../domain/read-torrent-info.ts'
import { refusalOf } from './disk-errors.ts'
import { exists, freeName } from './free-name.ts'
import { makeFolder } from './make-folder.ts'
import { writeFileAtomic } from './write-file-atomic.ts'

/** What makes a folder ours, and holds what we know about it. */
export const OURS = '.self-streme'
/** Folders of ours that are not finished yet begin so; one that is left over goes after a day. */
const UNFINISHED = '.new-'
const UNFINISHED_FOR_MS = 24 * 60 * 60 * 1000
const METAINFO = 'metainfo.torrent'
/** A folder of ours in the download folder that only says where the torrent really is. */
const LOCATION = 'location'

/**
 * Where the folder of a torrent is, or would be: `<base>/<infoHash>`. A folder of that name which is not ours is the
 * user's, and a number is put behind it.
 */
export async function locateFolder(base: string, infoHash: InfoHash): Promise<string> {
  for (let n = 1; ; n++) {
    const directory = join(base, n === 1 ? infoHash : `${infoHash}.${n}`)
    if ((await isOurs(directory)) || !(await exists(directory))) return directory
  }
}

/** Where a torrent is that was put into another base than `root`; `undefined` if it was not. */
export async function readLocation(root: string, infoHash: InfoHash): Promise<string | undefined> {
  return readText(join(await locateFolder(root, infoHash), OURS, LOCATION))
}

/** @throws SelfStremeError `disk.full`, `disk.read_only`, `disk.failed` */
export async function writeLocation(root: string, infoHash: InfoHash, directory: string): Promise<void> {
  const folder = await locateFolder(root, infoHash)
  const write = (into: string) => writeFileAtomic(join(into, OURS, LOCATION), directory)
  await writing(folder, async () => ((await isOurs(folder)) ? write(folder) : makeFilled(folder, write)))
}

/** A folder in the download folder that is ours. */
export interface ListedFolder {
  readonly infoHash: InfoHash
  /** where the torrent is: this folder, or one under an extra path */
  readonly directory: string
  /** when we last wrote down something in it, epoch ms */
  readonly notedAt: number
}

/** The folders in `root` that are ours. Removes those that a crash left unfinished. */
export async function listFolders(root: string): Promise<ListedFolder[]> {
  const entries = await readdir(root, { withFileTypes: true })
  const found: ListedFolder[] = []
  await fewAtATime(entries, async (entry) => {
    if (entry.name.startsWith(UNFINISHED)) await removeIfOld(join(root, entry.name))
    const folder = entry.isDirectory() && (await lookAtFolder(root, entry.name))
    if (folder) found.push(folder)
  })
  return found
}

/** What lies in `root` under a name; `undefined` if that is no folder of ours, or its torrent is not there. */
export async function lookAtFolder(root: string, name: string): Promise<ListedFolder | undefined> {
  const directory = join(root, name)
  const infoHash = infoHashOfFolder(name)
  const notedAt = infoHash && (await lastNotedAt(directory))
  if (!infoHash || notedAt === undefined) return undefined
  const place = await readText(join(directory, OURS, LOCATION))
  if (place === undefined) return { infoHash, directory, notedAt }
  const placeNotedAt = await lastNotedAt(place)
  // It may lie on a disk that is not there today.
  return placeNotedAt === undefined ? undefined : { infoHash, directory: place, notedAt: placeNotedAt }
}

/** The torrent that a folder is named for, if it is one that could be ours. */
export function infoHashOfFolder(name: string): InfoHash | undefined {
  return /^[0-9a-f]{40}(\.\d+)?$/.test(name) ? parseInfoHash(name.slice(0, 40)) : undefined
}

/** When we last wrote down something in a folder of ours, epoch ms; `undefined` where there is none. */
export async function lastNotedAt(directory: string): Promise<number | undefined> {
  return (await lstat(join(directory, OURS)).catch(() => undefined))?.mtimeMs
}

/** Whether a folder holds our mark. */
export function isOurs(directory: string): Promise<boolean> {
  return exists(join(directory, OURS))
}

/**
 * Makes a folder that is ours from its first moment on: whoever sees it sees the mark in it.
 *
 * @throws SelfStremeError `disk.full`, `disk.read_only`, `disk.failed`
 */
export async function makeTorrentFolder(directory: string): Promise<void> {
  await writing(directory, async () => {
    if (!(await isOurs(directory))) await makeFilled(directory, async () => undefined)
  })
}

async function makeFilled(directory: string, fill: (unfinished: string) => Promise<void>): Promise<void> {
  const unfinished = await makeUnfinishedFolder(dirname(directory), basename(directory))
  try {
    await fill(unfinished)
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    throw error
  }
  await finishFolder(unfinished, directory).catch(async (error: unknown) => {
    // A viewer and the library may want it at the same time, and the other was quicker.
    if (!(await isOurs(directory))) throw error
  })
}

/** A folder with our mark in it, under a name that nobody looks at, to be filled and then {@link finishFolder}ed. */
export async function makeUnfinishedFolder(base: string, name: string): Promise<string> {
  const unfinished = join(base, `${UNFINISHED}${name}-${randomUUID()}`)
  await makeFolder(base)
  await mkdir(unfinished)
  try {
    await mkdir(join(unfinished, OURS))
  } catch (error) {
    await rmdir(unfinished)
    throw error
  }
  return unfinished
}

/** Gives an unfinished folder its name, all of it in one step. */
export async function finishFolder(unfinished: string, directory: string): Promise<void> {
  try {
    await rename(unfinished, directory)
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true })
    throw error
  }
}

/**
 * Does something that writes into a folder.
 *
 * @throws SelfStremeError `disk.full`, `disk.read_only`, whose words may be told to strangers; `disk.failed`
 */
export async function writing(directory: string, write: () => Promise<unknown>): Promise<void> {
  try {
    await write()
  } catch (cause) {
    const refusal = refusalOf(cause)
    if (refusal === 'EROFS')
      throw new SelfStremeError('disk.read_only', 'The disk of the server is read-only.', { cause })
    if (refusal) throw new SelfStremeError('disk.full', 'The disk of the server is full.', { cause })
    throw new SelfStremeError('disk.failed', `${directory} cannot be written: ${messageOf(cause)}`, { cause })
  }
}

/** The torrent file of a folder, `undefined` if it has none. */
export function readMetainfo(directory: string): Promise<Uint8Array | undefined> {
  return readBytes(join(directory, OURS, METAINFO))
}

export async function writeMetainfo(directory: string, metainfo: Uint8Array): Promise<void> {
  await writeFileAtomic(join(directory, OURS, METAINFO), metainfo)
}

/** Paths of a torrent's files, in the order of the metadata. */
export function filePaths(directory: string, info: TorrentInfo): string[] {
  return safeFileNames(info.files).map((name) => join(directory, name))
}

/** What a torrent's files really take on the disk: they are sparse, and one that the user has elsewhere too takes nothing. */
export async function bytesOnDisk(directory: string, info: TorrentInfo): Promise<number> {
  const files = await Promise.all(
    filePaths(directory, info).map((path) => lstat(path).catch(() => undefined)),
  )
  return files.reduce((sum, file) => sum + (file?.isFile() && file.nlink === 1 ? file.blocks * 512 : 0), 0)
}

/**
 * Deletes what we wrote, and the folder if nothing else is in it: whatever the user put there stays.
 *
 * Our own mark goes last, so that a folder whose deletion was cut short is still known as ours.
 *
 * @param known - what was written there, where that is not written down in the folder
 * @returns bytes given back to the disk
 */
export async function removeFolder(directory: string, known?: TorrentInfo): Promise<number> {
  const metainfo = await readMetainfo(directory)
  const info = known ?? (metainfo && (await tryParse(metainfo)))
  let freedBytes = 0
  for (const path of info ? filePaths(directory, info) : []) {
    const file = await lstat(path).catch(() => undefined)
    if (!file) continue
    await unlink(path)
    // A link to a file that the user has elsewhere gives nothing back.
    if (file.nlink === 1) freedBytes += file.blocks * 512
  }
  await removeMark(directory)
  return freedBytes
}

/**
 * Gives a folder back to the user: our mark goes, the files stay. Those that are not whole get `.part` behind their
 * names, so that nobody takes them for films.
 *
 * @param whole - paths of the files that are
 */
export async function releaseFolder(directory: string, whole: ReadonlySet<string>): Promise<void> {
  const metainfo = await readMetainfo(directory)
  const info = metainfo && (await tryParse(metainfo))
  for (const path of info ? filePaths(directory, info) : []) {
    if (!whole.has(path) && (await exists(path))) await rename(path, await freeName(`${path}.part`))
  }
  await removeMark(directory)
}

/** @returns `undefined` for what is no torrent file, or one that is refused */
export async function tryParse(metainfo: Uint8Array): Promise<TorrentInfo | undefined> {
  try {
    return await readTorrentInfo(metainfo)
  } catch {
    return undefined
  }
}

/** @returns `undefined` if there is no such file */
export async function readBytes(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}

/** @returns `undefined` if there is no such file */
export async function readText(path: string): Promise<string | undefined> {
  const bytes = await readBytes(path)
  return bytes && new TextDecoder().decode(bytes)
}

/** Makes a folder ours no longer, and removes it if nothing else is in it. */
async function removeMark(directory: string): Promise<void> {
  // How it is used may be in the middle of being written down.
  await rm(join(directory, OURS), { recursive: true, force: true, maxRetries: 5 })
  await rmdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'ENOENT') throw error
  })
}

async function removeIfOld(unfinished: string): Promise<void> {
  if (Date.now() - (await lastTouchedAt(unfinished)) < UNFINISHED_FOR_MS) return
  // Where it cannot be removed, as on a disk that is read-only, it does no harm.
  await rm(unfinished, { recursive: true, force: true }).catch(() => undefined)
}

/**
 * When something was last done with a file, or with anything in a folder, epoch ms. What is linked or copied into it may
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
