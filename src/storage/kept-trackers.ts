import { join } from 'node:path'
import { z } from 'zod'
import { ONLY_OURS, OURS, writeNote } from './mark.ts'
import { readText } from './torrent-folder.ts'

const TRACKERS = 'trackers.json'

const keptTrackers = z.object({ urls: z.array(z.string()), areOfFile: z.boolean() })

/** The trackers of a private torrent, stored with it: no others may be asked, also after a restart (BEP 27). */
export interface KeptTrackers {
  /** unchanged; a passkey in them identifies the user, so they are shown to no one else */
  readonly urls: readonly string[]
  /** from the torrent file, not from a magnet link */
  readonly areOfFile: boolean
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
