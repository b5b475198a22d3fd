import type { Stats } from 'node:fs'
import { lstat, readdir, readFile } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, sep } from 'node:path'
import { refusalOf } from '../disk/disk-errors.ts'
import { safeFileNames } from '../domain/bittorrent/file-names.ts'
import { type InfoHash, parseInfoHash } from '../domain/bittorrent/info-hash.ts'
import type { TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import { readTorrentInfo } from '../domain/bittorrent/read-torrent-info.ts'
import { messageOf, SelfStremeError } from '../domain/errors.ts'
import { exists } from '../files/free-name.ts'
import { liesUnder, realLocation } from '../files/real-location.ts'
import { fewAtATime } from '../lib/for-each-parallel.ts'
import { isOurs, OURS, writeNote } from './mark.ts'
import { finishFolder, makeUnfinishedFolder, removeIfLeftOver } from './unfinished-folder.ts'

const METAINFO = 'metainfo.torrent'
/** A folder of ours in the download folder that only says where the torrent really is. */
const LOCATION = 'location'

/** Where folders of torrents may lie. */
export interface Grounds {
  /** the download folder, its real path */
  readonly root: string
  /** folders that single torrents may be put in, or below */
  readonly extraPaths: readonly string[]
}

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

/**
 * Where a torrent is that was put under an extra path; `undefined` if it was not.
 *
 * @param onRefused - told of a place that is noted, but is not taken, and why
 */
export async function readLocation(
  grounds: Grounds,
  infoHash: InfoHash,
  onRefused: (why: string) => void = () => undefined,
): Promise<string | undefined> {
  const noted = await readText(join(await locateFolder(grounds.root, infoHash), OURS, LOCATION))
  if (noted === undefined) return undefined
  const place = await checkLocation(grounds, infoHash, noted)
  if ('refused' in place) onRefused(place.refused)
  return 'directory' in place ? place.directory : undefined
}

/** The note may be anything by now, and what it leads to another folder: it is read like what a stranger sends. */
async function checkLocation(
  { root, extraPaths }: Grounds,
  infoHash: InfoHash,
  noted: string,
): Promise<{ readonly directory: string } | { readonly refused: string }> {
  const refuse = (why: string) => ({
    refused: `${LOCATION} of ${infoHash} says ${JSON.stringify(noted.slice(0, 500))}, ${why}`,
  })
  if (!isAbsolute(noted) || noted.includes('\0')) return refuse('which is not an absolute path')
  const directory = await realLocation(noted).catch(() => undefined)
  if (directory === undefined) return refuse('which cannot be looked at')
  if (infoHashOfFolder(basename(directory)) !== infoHash)
    return refuse('which is not called by the info hash')
  if (!(await liesUnder(directory, [root, ...extraPaths])))
    return refuse('which is not under one of TORRENT_EXTRA_PATHS')
  if ((await exists(directory)) && !(await isOurs(directory)))
    return refuse('which is not a folder of self-streme')
  return { directory }
}

/** @throws SelfStremeError `disk.full`, `disk.read_only`, `disk.failed` */
export async function writeLocation(root: string, infoHash: InfoHash, directory: string): Promise<void> {
  const folder = await locateFolder(root, infoHash)
  await makeTorrentFolder(folder)
  await writing(folder, () => writeNote(folder, LOCATION, directory))
}

/** A folder in the download folder that is ours. */
export interface ListedFolder {
  readonly infoHash: InfoHash
  /** where the torrent is: this folder, or one under an extra path */
  readonly directory: string
  /** when we last wrote down something in it, epoch ms */
  readonly notedAt: number
}

/**
 * The folders in the download folder that are ours. Removes those that a crash left unfinished.
 *
 * @param onRefused - as for {@link readLocation}
 */
export async function listFolders(
  grounds: Grounds,
  onRefused?: (why: string) => void,
): Promise<ListedFolder[]> {
  const { root } = grounds
  const entries = await readdir(root, { withFileTypes: true })
  const found: ListedFolder[] = []
  await fewAtATime(entries, async (entry) => {
    if (!entry.isDirectory()) return
    await removeIfLeftOver(root, entry.name)
    const folder = await lookAtFolder(grounds, entry.name, onRefused)
    if (folder) found.push(folder)
  })
  return found
}

/** What lies in the download folder under a name; `undefined` if that is no folder of ours, or its torrent is not there. */
export async function lookAtFolder(
  grounds: Grounds,
  name: string,
  onRefused?: (why: string) => void,
): Promise<ListedFolder | undefined> {
  const folder = join(grounds.root, name)
  const infoHash = infoHashOfFolder(name)
  if (!infoHash || !(await isOurs(folder))) return undefined
  const isElsewhere = await exists(join(folder, OURS, LOCATION))
  const elsewhere = isElsewhere ? await readLocation(grounds, infoHash, onRefused) : undefined
  // It may lie on a disk that is not there today, or in a folder that is no longer named.
  if (isElsewhere && elsewhere === undefined && !(await readMetainfo(folder))) return undefined
  const directory = elsewhere ?? folder
  const notedAt = await lastNotedAt(directory)
  return notedAt === undefined ? undefined : { infoHash, directory, notedAt }
}

/** The torrent that a folder is named for, if it is one that could be ours. */
export function infoHashOfFolder(name: string): InfoHash | undefined {
  return /^[0-9a-f]{40}(\.\d+)?$/.test(name) ? parseInfoHash(name.slice(0, 40)) : undefined
}

/** When we last wrote down something in a folder of ours, epoch ms; `undefined` where there is none. */
export async function lastNotedAt(directory: string): Promise<number | undefined> {
  if (!(await isOurs(directory))) return undefined
  return (await lstat(join(directory, OURS)).catch(() => undefined))?.mtimeMs
}

/**
 * Makes a folder that is ours from its first moment on: whoever sees it sees the mark in it.
 *
 * @returns whether it was made; one that is ours already stays as it is
 * @throws SelfStremeError `disk.full`, `disk.read_only`, `disk.failed`
 */
export async function makeTorrentFolder(directory: string): Promise<boolean> {
  let isMade = false
  await writing(directory, async () => {
    if (await isOurs(directory)) return
    const unfinished = await makeUnfinishedFolder(dirname(directory), basename(directory))
    try {
      await finishFolder(unfinished, directory)
      isMade = true
    } catch (error) {
      // A viewer and the library may want it at the same time, and the other was quicker.
      if (!(await isOurs(directory))) throw error
    }
  })
  return isMade
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
  await writeNote(directory, METAINFO, metainfo)
}

/** Paths of a torrent's files, in the order of the metadata. */
export function filePaths(directory: string, info: TorrentInfo): string[] {
  // Each is a single segment of a path; `join` would take ten times as long to find that out.
  const base = join(directory, sep)
  return safeFileNames(info.files).map((name) => base + name)
}

/**
 * What lies in a folder under the names of a torrent's files, by their index; links are not followed. Only those are
 * looked at: of twenty thousand files there may be one.
 *
 * @throws the system's error, where the folder is there and cannot be read
 */
export async function filesThere(directory: string, info: TorrentInfo): Promise<ReadonlyMap<number, Stats>> {
  const listed = new Set(await readdir(directory).catch(noneIfAbsent))
  const found = new Map<number, Stats>()
  const indexes = [...safeFileNames(info.files).entries()].filter(([, name]) => listed.has(name))
  await fewAtATime(indexes, async ([index, name]) => {
    const stats = await lstat(join(directory, name)).catch(() => undefined)
    if (stats) found.set(index, stats)
  })
  return found
}

/** What a torrent's files really take on the disk: they are sparse, and one that the user has elsewhere too takes nothing. */
export async function bytesOnDisk(directory: string, info: TorrentInfo): Promise<number> {
  const files = [...(await filesThere(directory, info)).values()]
  return files.reduce((sum, file) => sum + (file.isFile() && file.nlink === 1 ? file.blocks * 512 : 0), 0)
}

function noneIfAbsent(error: NodeJS.ErrnoException): string[] {
  if (['ENOENT', 'ENOTDIR'].includes(error.code ?? '')) return []
  throw error
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
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? ''))
      return undefined
    throw error
  }
}

/** @returns `undefined` if there is no such file */
export async function readText(path: string): Promise<string | undefined> {
  const bytes = await readBytes(path)
  return bytes && new TextDecoder().decode(bytes)
}
