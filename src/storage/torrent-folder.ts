import type { Stats } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, sep } from 'node:path'
import { refusalOf } from '../disk/disk-errors.ts'
import { safeFileNames } from '../domain/bittorrent/file-names.ts'
import { type InfoHash, parseInfoHash } from '../domain/bittorrent/info-hash.ts'
import type { TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import { readTorrentInfo } from '../domain/bittorrent/read-torrent-info.ts'
import { messageOf, SelfStremeError } from '../domain/errors.ts'
import { exists, isAbsent, lstatIfThere, undefinedIfAbsent } from '../files/if-there.ts'
import { liesUnder, realLocation } from '../files/real-location.ts'
import { forEachParallel } from '../lib/for-each-parallel.ts'
import { isOurs, OURS, writeNote } from './mark.ts'
import { finishFolder, makeUnfinishedFolder, removeIfLeftOver } from './unfinished-folder.ts'

const METAINFO = 'metainfo.torrent'
/** A file in a folder of ours that names the torrent's real place. */
const LOCATION = 'location'

/** Where torrent folders may be. */
export interface Grounds {
  /** the download folder, its real path */
  readonly root: string
  /** folders that single torrents may be put into, at any depth */
  readonly extraPaths: readonly string[]
}

/**
 * Where the folder of a torrent is, or would be: `<base>/<infoHash>`. If a folder of that name is the user's, a number
 * is appended.
 */
export async function locateFolder(base: string, infoHash: InfoHash): Promise<string> {
  for (let n = 1; ; n++) {
    const directory = join(base, n === 1 ? infoHash : `${infoHash}.${n}`)
    if ((await isOurs(directory)) || !(await exists(directory))) return directory
  }
}

/**
 * The folder of a torrent that was put under an extra path; `undefined` if it was not.
 *
 * @param onRefused - called with the reason if the noted place is not accepted
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

/** The note may have been changed by others, so it is checked like any foreign input. */
async function checkLocation(
  { root, extraPaths }: Grounds,
  infoHash: InfoHash,
  noted: string,
): Promise<{ readonly directory: string } | { readonly refused: string }> {
  const refuse = (why: string) => ({
    refused: `${LOCATION} of ${infoHash} is ${JSON.stringify(noted.slice(0, 500))}, ${why}`,
  })
  if (!isAbsolute(noted) || noted.includes('\0')) return refuse('which is not an absolute path')
  const directory = await realLocation(noted).catch(() => undefined)
  if (directory === undefined) return refuse('which cannot be read')
  if (infoHashOfFolder(basename(directory)) !== infoHash) return refuse('which is not named by the info hash')
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

/** A folder of ours in the download folder. */
export interface ListedFolder {
  readonly infoHash: InfoHash
  /** where the torrent is: this folder, or a folder under an extra path */
  readonly directory: string
  /** when we last wrote a note in it, epoch ms */
  readonly notedAt: number
}

/**
 * The folders of ours in the download folder. Removes those that a crash left unfinished.
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
  await forEachParallel(entries, async (entry) => {
    if (!entry.isDirectory()) return
    await removeIfLeftOver(root, entry.name)
    // One folder that cannot be read must not hide the others.
    const folder = await lookAtFolder(grounds, entry.name, onRefused).catch((error: unknown) =>
      onRefused?.(`${entry.name} cannot be read: ${messageOf(error)}`),
    )
    if (folder) found.push(folder)
  })
  return found
}

/** The folder of that name in the download folder; `undefined` if it is not ours, or its torrent is unavailable. */
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
  // The torrent may be on a disk that is not mounted, or under an extra path that is no longer configured.
  if (isElsewhere && elsewhere === undefined && !(await readMetainfo(folder))) return undefined
  const directory = elsewhere ?? folder
  const notedAt = await lastNotedAt(directory)
  return notedAt === undefined ? undefined : { infoHash, directory, notedAt }
}

/** The torrent that a folder is named after, if the name is one that we give. */
export function infoHashOfFolder(name: string): InfoHash | undefined {
  return /^[0-9a-f]{40}(\.\d+)?$/.test(name) ? parseInfoHash(name.slice(0, 40)) : undefined
}

/** When we last wrote a note in a folder of ours, epoch ms; `undefined` if the folder is missing or not ours. */
export async function lastNotedAt(directory: string): Promise<number | undefined> {
  if (!(await isOurs(directory))) return undefined
  return (await lstatIfThere(join(directory, OURS)))?.mtimeMs
}

/**
 * Makes a folder of ours. The mark is in it before the folder appears under its name.
 *
 * @returns whether it was made; an existing folder of ours stays as it is
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
      // Another request may have made it at the same time.
      if (!(await isOurs(directory))) throw error
    }
  })
  return isMade
}

/**
 * Runs a write to a folder and translates its errors.
 *
 * @throws SelfStremeError `disk.full`, `disk.read_only`, whose messages are safe to show to any client; `disk.failed`
 */
export async function writing(directory: string, write: () => Promise<unknown>): Promise<void> {
  try {
    await write()
  } catch (cause) {
    const refusal = refusalOf(cause)
    if (refusal === 'EROFS')
      throw new SelfStremeError('disk.read_only', 'The disk of the server is read-only.', { cause })
    if (refusal) throw new SelfStremeError('disk.full', 'The disk of the server is full.', { cause })
    throw new SelfStremeError('disk.failed', `cannot write to ${directory}: ${messageOf(cause)}`, { cause })
  }
}

/** The torrent file in a folder; `undefined` if it has none. */
export function readMetainfo(directory: string): Promise<Uint8Array | undefined> {
  return readBytes(join(directory, OURS, METAINFO))
}

export async function writeMetainfo(directory: string, metainfo: Uint8Array): Promise<void> {
  await writeNote(directory, METAINFO, metainfo)
}

/** Paths of a torrent's files, in metadata order. */
export function filePaths(directory: string, info: TorrentInfo): string[] {
  // Names are single path segments. `join` would normalise each of them, which takes ten times as long.
  const base = join(directory, sep)
  return safeFileNames(info.files).map((name) => base + name)
}

/**
 * The files in a folder that have names from the metadata, by index; links are not followed. Only existing files are
 * examined: there may be one of 20,000.
 *
 * @throws the system's error if the folder exists and cannot be read
 */
export async function filesThere(directory: string, info: TorrentInfo): Promise<ReadonlyMap<number, Stats>> {
  const listed = new Set(await readdir(directory).catch(undefinedIfAbsent))
  const found = new Map<number, Stats>()
  const indexes = [...safeFileNames(info.files).entries()].filter(([, name]) => listed.has(name))
  await forEachParallel(indexes, async ([index, name]) => {
    const stats = await lstatIfThere(join(directory, name))
    if (stats) found.set(index, stats)
  })
  return found
}

/** Disk space that a torrent's files use. Files are sparse, and a hard link of the user's file uses none. */
export async function bytesOnDisk(directory: string, info: TorrentInfo): Promise<number> {
  const files = [...(await filesThere(directory, info)).values()]
  return files.reduce((sum, file) => sum + (file.isFile() && file.nlink === 1 ? file.blocks * 512 : 0), 0)
}

/** @returns `undefined` if it is not a torrent file, or is refused */
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
    if (isAbsent(error) || (error as NodeJS.ErrnoException).code === 'EISDIR') return undefined
    throw error
  }
}

/** @returns `undefined` if there is no such file */
export async function readText(path: string): Promise<string | undefined> {
  const bytes = await readBytes(path)
  return bytes && new TextDecoder().decode(bytes)
}
