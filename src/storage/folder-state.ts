import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { hasPiece, writeBitfield } from '../domain/bittorrent/bitfield.ts'
import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { piecesOf, splitting, type TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import { newUsage, type Usage } from '../domain/usage.ts'
import { handles } from '../files/handle-limit.ts'
import { isAbsent, statIfThere } from '../files/if-there.ts'
import { fewAtATime } from '../lib/for-each-parallel.ts'
import { inTurns } from '../lib/in-turns.ts'
import { type KeptTrackers, readKeptTrackers } from './kept-trackers.ts'
import { ONLY_OURS, OURS, writeNote } from './mark.ts'
import { sha1 } from './torrent-file.ts'
import { filesThere, readBytes, readMetainfo, readText, tryParse } from './torrent-folder.ts'

const STATE = 'state.json'
const USAGE = 'usage.json'
const BITS = 'verified.bits'

const folderState = z.object({
  /** complete files, by index, with size and mtime at completion */
  whole: z.record(z.string(), z.object({ size: z.number(), mtimeMs: z.number() })),
})

/** Epoch ms within the range of `Date` (ECMA-262 §21.4.1.1), as these times are shown as dates. */
const time = z.number().min(0).max(8.64e15)

const index = z.number().int().min(0)
const wish = z.union([
  z.literal(['main', 'all']),
  z.array(index),
  z.object({
    select: z.array(z.tuple([index, index])),
    beside: z.union([z.literal('main'), z.array(index)]).optional(),
  }),
])

const usage = z.object({
  addedAt: time,
  lastReadAt: time,
  plays: z.number().min(0),
  playsAt: time,
  isPinned: z.boolean(),
  origin: z.enum(['watched', 'added', 'imported', 'ahead']),
  seeders: z.number().int().min(0).optional(),
  wish: wish.optional(),
  trackers: z.array(z.string()).optional(),
}) satisfies z.ZodType<Usage>

/** State of a torrent's files. */
export type FolderState = z.infer<typeof folderState>

/** A torrent's folder as an earlier run left it. */
export interface FoundFolder {
  readonly directory: string
  readonly metainfo: Uint8Array
  readonly info: TorrentInfo
  readonly state: FolderState
  /** trackers of a private torrent */
  readonly trackers?: KeptTrackers | undefined
  /** pieces that were on disk when the folder was last saved, minus those that the files are too short for */
  readonly claimed: Uint8Array
}

/** The metadata in a folder; `undefined` if it is missing, damaged, or another torrent's. */
export async function readTorrent(
  directory: string,
  infoHash: InfoHash,
): Promise<{ readonly metainfo: Uint8Array; readonly info: TorrentInfo } | undefined> {
  const metainfo = await readMetainfo(directory)
  const info = metainfo && (await tryParse(metainfo))
  if (!info) return undefined
  const { info: hashed } = await inTurns(splitting(metainfo))
  return (await sha1(hashed)) === infoHash ? { metainfo, info } : undefined
}

/** @returns `undefined` if there is no folder, or it is unfinished, damaged, or another torrent's */
export async function readFolder(directory: string, infoHash: InfoHash): Promise<FoundFolder | undefined> {
  const torrent = await readTorrent(directory, infoHash)
  if (!torrent) return undefined
  const { metainfo, info } = torrent
  const state = await readState(directory)
  const saved = await readBits(directory)
  const claimed = await possiblePieces(directory, info, state, saved)
  const trackers = info.isPrivate ? await readKeptTrackers(directory) : undefined
  return { directory, metainfo, info, state, trackers, claimed }
}

/** If the file is missing or damaged, no file counts as complete until its pieces are verified again. */
export async function readState(directory: string): Promise<FolderState> {
  const parsed = folderState.safeParse(tryJson((await readText(join(directory, OURS, STATE))) ?? ''))
  return parsed.success ? parsed.data : { whole: {} }
}

export async function saveState(directory: string, state: FolderState): Promise<void> {
  await writeNote(directory, STATE, JSON.stringify(state))
}

/** The pieces that were on disk at the last save, one bit each. */
export async function readBits(directory: string): Promise<Uint8Array> {
  return (await readBytes(join(directory, OURS, BITS))) ?? new Uint8Array()
}

/** How a torrent is used; if the file is missing or damaged, what the folder itself shows. */
export async function readUsage(directory: string): Promise<Usage> {
  const noted = await findUsage(directory)
  if (noted) return noted
  return newUsage('watched', (await statIfThere(join(directory, OURS)))?.mtimeMs ?? 0)
}

/** How a torrent is used; `undefined` if the file is missing or damaged. */
export async function findUsage(directory: string): Promise<Usage | undefined> {
  return usage.safeParse(tryJson((await readText(join(directory, OURS, USAGE))) ?? '')).data
}

export async function saveUsage(directory: string, usage: Usage): Promise<void> {
  // Trackers of a download request may contain a passkey.
  await writeNote(directory, USAGE, JSON.stringify(usage), usage.trackers?.length ? ONLY_OURS : undefined)
}

/** Saves which pieces are on disk. Call {@link syncFiles} first, so that the bits survive a power cut. */
export async function saveBits(directory: string, bits: Uint8Array): Promise<void> {
  await writeNote(directory, BITS, bits)
}

/**
 * Flushes files to the disk; missing files are skipped.
 *
 * @throws the system's error; written data may be lost then, and a second fsync would not report it
 */
export async function syncFiles(paths: readonly string[]): Promise<void> {
  await fewAtATime(paths, syncFile)
}

/** A bit for each claimed piece, except those that lie in a missing or shortened file. */
async function possiblePieces(
  directory: string,
  info: TorrentInfo,
  state: FolderState,
  saved: Uint8Array,
): Promise<Uint8Array> {
  const claims = new Uint8Array(info.pieceCount)
  for (let piece = 0; piece < claims.length; piece++) if (hasPiece(saved, piece)) claims[piece] = 1
  const mark = (from: number, to: number, isClaimed: 0 | 1) => claims.fill(isClaimed, from, to + 1)
  for (const index of Object.keys(state.whole)) {
    const file = info.files[Number(index)]
    if (!file) continue
    const { first, last } = piecesOf(info, file)
    mark(first, last, 1)
  }
  const there = await filesThere(directory, info)
  for (const [index, file] of info.files.entries()) {
    if (file.isPadding || file.length === 0) continue
    const size = there.get(index)?.size ?? 0
    if (size >= file.length) continue
    mark(Math.floor((file.offset + size) / info.pieceLength), piecesOf(info, file).last, 0)
  }
  return writeBitfield(info.pieceCount, (piece) => claims[piece] === 1)
}

async function syncFile(path: string): Promise<void> {
  try {
    // Read-only: the file may be the user's, without write permission.
    await handles.use(
      () => open(path, 'r'),
      (file) => file.datasync(),
    )
  } catch (error) {
    if (!isAbsent(error)) throw error
  }
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
