import { join } from 'node:path'
import { z } from 'zod'
import { ONLY_OURS, OURS, writeNote } from './mark.ts'
import { readText } from './torrent-folder.ts'

const TRACKERS = 'trackers.json'

const keptTrackers = z.object({ urls: z.array(z.string()), areOfFile: z.boolean() })

/** The trackers of a private torrent, kept with it: no others may be asked for it, also after a restart. */
export interface KeptTrackers {
  /** as they came; a key in them stands for the user, so they are told to nobody else */
  readonly urls: readonly string[]
  /** the torrent file named them, and not a magnet link */
  readonly areOfFile: boolean
}

/** @returns `undefined` if none are kept, or what is kept cannot be read */
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
