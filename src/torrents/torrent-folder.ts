import { createHash } from 'node:crypto'
import { lstat, mkdir, open, readdir, readFile, rm, rmdir, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { piecesIn, writeBitfield } from '../domain/bitfield.ts'
import { messageOf, SelfStremeError } from '../domain/errors.ts'
import { safeFileNames } from '../domain/file-names.ts'
import { type InfoHash, parseInfoHash } from '../domain/info-hash.ts'
import { encodeInfo, parseMetainfo, piecesOf, type TorrentInfo } from '../domain/metainfo.ts'
import { writeFileAtomic } from '../files/write-file-atomic.ts'

/** What makes a folder ours, and holds what we know about it. */
const OURS = '.self-streme'
const METAINFO = 'metainfo.torrent'
const STATE = 'state.json'
const BITS = 'verified.bits'
/** A folder of ours in the download folder that only says where the torrent really is. */
const LOCATION = 'location'

const folderState = z.object({
  createdAt: z.number(),
  lastReadAt: z.number(),
  /** files that are whole, by index, as they were when they became so */
  whole: z.record(z.string(), z.object({ size: z.number(), mtimeMs: z.number() })),
})

export type FolderState = z.infer<typeof folderState>

/** A torrent's folder as an earlier run left it. */
export interface FoundFolder {
  readonly directory: string
  readonly metainfo: Uint8Array
  readonly info: TorrentInfo
  readonly state: FolderState
  /** pieces that were on disk when the folder was last saved, cut to what the files can hold */
  readonly claimed: Uint8Array
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

/** Where a torrent is that was put into another base than `root`; `undefined` if it was not. */
export async function readLocation(root: string, infoHash: InfoHash): Promise<string | undefined> {
  return readText(join(await locateFolder(root, infoHash), OURS, LOCATION))
}

export async function writeLocation(root: string, infoHash: InfoHash, directory: string): Promise<void> {
  const folder = join(await locateFolder(root, infoHash), OURS)
  await mkdir(folder, { recursive: true })
  await writeFileAtomic(join(folder, LOCATION), directory)
}

/** The folders in `root` that are ours. */
export async function listFolders(root: string): Promise<{ infoHash: InfoHash; directory: string }[]> {
  const entries = await readdir(root, { withFileTypes: true })
  const found = await Promise.all(
    entries.map(async (entry) => {
      const infoHash = parseInfoHash(entry.name.replace(/\.\d+$/, ''))
      const directory = join(root, entry.name)
      if (!infoHash || !entry.isDirectory() || !(await isOurs(directory))) return []
      return [{ infoHash, directory: (await readText(join(directory, OURS, LOCATION))) ?? directory }]
    }),
  )
  return found.flat()
}

/** @throws SelfStremeError `disk.full`, `disk.failed` */
export async function makeTorrentFolder(directory: string): Promise<void> {
  await onDisk(directory, () => mkdir(join(directory, OURS), { recursive: true }))
}

/**
 * Makes a folder ours, with the metadata in it, so that no later run has to ask a peer.
 *
 * @throws SelfStremeError `disk.full`, `disk.failed`
 */
export async function keepMetainfo(
  directory: string,
  metainfo: Uint8Array,
  state: FolderState,
): Promise<void> {
  await onDisk(directory, () =>
    Promise.all([writeFileAtomic(join(directory, OURS, METAINFO), metainfo), saveState(directory, state)]),
  )
}

async function onDisk(directory: string, write: () => Promise<unknown>): Promise<void> {
  try {
    await write()
  } catch (cause) {
    const isFull = ['ENOSPC', 'EDQUOT'].includes((cause as NodeJS.ErrnoException).code ?? '')
    throw new SelfStremeError(
      isFull ? 'disk.full' : 'disk.failed',
      `${directory} cannot be written: ${messageOf(cause)}`,
      { cause },
    )
  }
}

/** @returns `undefined` if there is no folder, or one that was never finished, is damaged, or is another torrent's */
export async function readFolder(directory: string, infoHash: InfoHash): Promise<FoundFolder | undefined> {
  const metainfo = await readBytes(join(directory, OURS, METAINFO))
  const info = metainfo && tryParse(metainfo)
  if (!info || createHash('sha1').update(encodeInfo(metainfo)).digest('hex') !== infoHash) return undefined
  const state = await readState(directory)
  const saved = new Set(
    piecesIn((await readBytes(join(directory, OURS, BITS))) ?? new Uint8Array(), info.pieceCount),
  )
  const claimed = await possiblePieces(
    directory,
    info,
    (piece) => saved.has(piece) || isInWholeFile(info, state, piece),
  )
  return { directory, metainfo, info, state, claimed }
}

/** What we know of a folder; where the file is gone or damaged, as much as the folder itself tells. */
export async function readState(directory: string): Promise<FolderState> {
  const text = await readText(join(directory, OURS, STATE))
  const parsed = folderState.safeParse(tryJson(text ?? ''))
  if (parsed.success) return parsed.data
  const touchedAt = (await stat(join(directory, OURS)).catch(() => undefined))?.mtimeMs ?? 0
  return { createdAt: touchedAt, lastReadAt: touchedAt, whole: {} }
}

export async function saveState(directory: string, state: FolderState): Promise<void> {
  await writeFileAtomic(join(directory, OURS, STATE), JSON.stringify(state))
}

/**
 * Writes down which pieces are on disk. The data is brought to the disk first, so that the bits never claim more than
 * a power cut leaves.
 *
 * @param files - indexes of the files written since the last time
 */
export async function saveBits(directory: string, paths: readonly string[], bits: Uint8Array): Promise<void> {
  await Promise.all(paths.map(syncFile))
  await writeFileAtomic(join(directory, OURS, BITS), bits)
}

/** Paths of a torrent's files, in the order of the metadata. */
export function filePaths(directory: string, info: TorrentInfo): string[] {
  return safeFileNames(info.files).map((name) => join(directory, name))
}

/**
 * Deletes what we wrote, and the folder if nothing else is in it: whatever the user put there stays.
 *
 * Our own mark goes last, so that a folder whose deletion was cut short is still known as ours.
 *
 * @returns bytes given back to the disk
 */
export async function removeFolder(directory: string): Promise<number> {
  const metainfo = await readBytes(join(directory, OURS, METAINFO))
  const info = metainfo && tryParse(metainfo)
  let freedBytes = 0
  for (const path of info ? filePaths(directory, info) : []) {
    const file = await lstat(path).catch(() => undefined)
    if (!file) continue
    await unlink(path)
    freedBytes += file.blocks * 512
  }
  await rm(join(directory, OURS), { recursive: true, force: true })
  await rmdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'ENOENT') throw error
  })
  return freedBytes
}

/** A bit for each piece that is claimed, but for those that a missing or shortened file cannot hold. */
async function possiblePieces(
  directory: string,
  info: TorrentInfo,
  isClaimed: (piece: number) => boolean,
): Promise<Uint8Array> {
  const impossible = new Set<number>()
  const paths = filePaths(directory, info)
  for (const [index, file] of info.files.entries()) {
    if (file.isPadding || file.length === 0) continue
    const size = (await stat(paths[index] ?? '').catch(() => undefined))?.size ?? 0
    if (size >= file.length) continue
    const firstGone = Math.floor((file.offset + size) / info.pieceLength)
    for (let piece = firstGone; piece <= piecesOf(info, file).last; piece++) impossible.add(piece)
  }
  return writeBitfield(info.pieceCount, (piece) => !impossible.has(piece) && isClaimed(piece))
}

function isInWholeFile(info: TorrentInfo, state: FolderState, piece: number): boolean {
  return Object.keys(state.whole).some((index) => {
    const file = info.files[Number(index)]
    if (!file) return false
    const { first, last } = piecesOf(info, file)
    return piece >= first && piece <= last
  })
}

async function syncFile(path: string): Promise<void> {
  try {
    await using file = await open(path, 'r+')
    await file.datasync()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

function isOurs(directory: string): Promise<boolean> {
  return exists(join(directory, OURS))
}

/** Whether there is anything of that name, be it a link that leads nowhere. */
async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}

async function readBytes(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function readText(path: string): Promise<string | undefined> {
  const bytes = await readBytes(path)
  return bytes && new TextDecoder().decode(bytes)
}

function tryParse(metainfo: Uint8Array): TorrentInfo | undefined {
  try {
    return parseMetainfo(metainfo)
  } catch {
    return undefined
  }
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
