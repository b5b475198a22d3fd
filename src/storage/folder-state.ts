import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import {
  type GoodPeer,
  isPeerAddress,
  MAX_GOOD_PEERS,
  PEER_SOURCES,
} from '../domain/bittorrent/good-peers.ts'
import { messageOf } from '../domain/errors.ts'
import { newUsage, type Usage } from '../domain/usage.ts'
import { handles } from '../files/handle-limit.ts'
import { isAbsent, statIfThere } from '../files/if-there.ts'
import { readSmallFile } from '../files/small-file.ts'
import { forEachParallel } from '../lib/for-each-parallel.ts'
import { ONLY_OURS, OURS, writeNote } from './mark.ts'
import { readBytes, readText } from './torrent-folder.ts'

const STATE = 'state.json'
const USAGE = 'usage.json'
const BITS = 'verified.bits'
const TRACKERS = 'trackers.json'
const PEERS = 'peers.json'
/** Twenty peers with long addresses take less than 3 KB. */
const MAX_PEERS_BYTES = 8 * 1024

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

const goodPeers = z
  .array(
    z.object({
      address: z.string().refine(isPeerAddress),
      isEncrypted: z.boolean(),
      source: z.enum(PEER_SOURCES),
      gaveAt: time,
    }),
  )
  .max(MAX_GOOD_PEERS) satisfies z.ZodType<GoodPeer[]>

const keptTrackers = z.object({ urls: z.array(z.string()), areOfFile: z.boolean() })

/** State of a torrent's files. */
export type FolderState = z.infer<typeof folderState>

/** The trackers of a private torrent, stored with it: no others may be asked, also after a restart (BEP 27). */
export interface KeptTrackers {
  /** unchanged; a passkey in them identifies the user, so they are shown to no one else */
  readonly urls: readonly string[]
  /** from the torrent file, not from a magnet link */
  readonly areOfFile: boolean
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
  return parseUsage(tryJson((await readText(join(directory, OURS, USAGE))) ?? ''))
}

/** @returns `undefined` if a value that was saved is not how a torrent is used */
export function parseUsage(value: unknown): Usage | undefined {
  return usage.safeParse(value).data
}

export async function saveUsage(directory: string, usage: Usage): Promise<void> {
  // Trackers of a download request may contain a passkey.
  await writeNote(directory, USAGE, JSON.stringify(usage), usage.trackers?.length ? ONLY_OURS : undefined)
}

/** Saves which pieces are on disk. Call {@link syncFiles} first, so that the bits survive a power cut. */
export async function saveBits(directory: string, bits: Uint8Array): Promise<void> {
  await writeNote(directory, BITS, bits)
}

/** @returns `undefined` if none are stored, or they cannot be read */
export async function readKeptTrackers(directory: string): Promise<KeptTrackers | undefined> {
  try {
    return keptTrackers.parse(JSON.parse((await readText(join(directory, OURS, TRACKERS))) ?? ''))
  } catch {
    return undefined
  }
}

export async function saveKeptTrackers(directory: string, kept: KeptTrackers): Promise<void> {
  await writeNote(directory, TRACKERS, JSON.stringify(kept), ONLY_OURS)
}

/** Peers that gave something in an earlier run. */
export interface KeptPeers {
  readonly peers: readonly GoodPeer[]
  /** why the note cannot be used, if there is one that cannot */
  readonly refused?: string
}

/** Others may have changed the note: one with anything unexpected in it is not used at all. */
export async function readGoodPeers(directory: string): Promise<KeptPeers> {
  try {
    const { content } = await readSmallFile(join(directory, OURS, PEERS), MAX_PEERS_BYTES)
    return { peers: goodPeers.parse(JSON.parse(content)) }
  } catch (error) {
    return isAbsent(error) ? { peers: [] } : { peers: [], refused: messageOf(error) }
  }
}

export async function saveGoodPeers(directory: string, peers: readonly GoodPeer[]): Promise<void> {
  // They show with whom the user exchanged the film.
  await writeNote(directory, PEERS, JSON.stringify(peers), ONLY_OURS)
}

/**
 * Flushes files to the disk; missing files are skipped.
 *
 * @throws the system's error; written data may be lost then, and a second fsync would not report it
 */
export async function syncFiles(paths: readonly string[]): Promise<void> {
  await forEachParallel(paths, syncFile)
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
