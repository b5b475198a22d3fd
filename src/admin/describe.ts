import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import { type Origin, playsAt, type Selection } from '../domain/usage.ts'
import type { Progress } from '../downloads/download.ts'
import { bytesThere, type SelectedFiles } from '../downloads/selected-files.ts'
import type { CacheEntry } from '../torrent-index/index-entry.ts'
import type { Activity } from '../torrents/fetch-ahead.ts'

/**
 * - `whole`: all that is wanted of it is there
 * - `fetching`: it comes
 * - `looking`: for peers, or for one who knows the metadata
 * - `queued`: it is wished for, and waits for its turn or its next try
 * - `refused`: it is wished for, and there is no room; it begins when there is
 * - `failed`: it is wished for, and cannot be had
 * - `partial`: some of it is there, and nothing of the rest is being fetched, also while it is in the swarm
 */
export type LibraryState = 'whole' | 'fetching' | 'looking' | 'queued' | 'refused' | 'failed' | 'partial'

/** A torrent on disk, as people and programs are told of it. */
export interface LibraryEntry {
  readonly infoHash: InfoHash
  readonly name: string
  readonly state: LibraryState
  /** in words, where the state alone does not say it */
  readonly reason?: string | undefined
  /** of a refusal: the numbers */
  readonly noRoom?: Progress['noRoom']
  readonly isPinned: boolean
  /** somebody reads it, or waits to */
  readonly isWatched: boolean
  readonly origin: Origin
  readonly wish?: Selection | undefined
  /** ISO 8601 */
  readonly addedAt: string
  readonly lastReadAt: string
  /** each counts half after 14 days */
  readonly plays: number
  /** its own */
  readonly directory: string
  /** really taken */
  readonly bytesOnDisk: number
  /** of the files that are wanted */
  readonly bytesThere: number
  /** absent while the metadata is not known */
  readonly bytesWanted?: number | undefined
  readonly percent: number
  /** connected now */
  readonly peers: number
  /** connected now, or the most when it was last in the swarm; absent if nobody was ever met */
  readonly seeders?: number | undefined
  /** bytes per second */
  readonly downloadSpeed: number
  /** absent while nothing comes */
  readonly etaSeconds?: number | undefined
  /** those of which something is there; all, where one torrent is asked for */
  readonly files: readonly LibraryFile[]
}

export interface LibraryFile {
  /** counted over all files of the torrent from 0 */
  readonly index: number
  readonly name: string
  /** bytes */
  readonly size: number
  readonly bytesThere: number
  readonly isWhole: boolean
  readonly isWanted: boolean
}

/** What is known of a torrent besides what is on disk of it. */
export interface Circumstances {
  readonly isWatched: boolean
  readonly activity?: Activity | undefined
  /** of its wish */
  readonly progress?: Progress | undefined
  readonly wanted?: SelectedFiles | undefined
  /** given: all files are listed */
  readonly info?: TorrentInfo | undefined
}

export function describe(entry: CacheEntry, circumstances: Circumstances, now: number): LibraryEntry {
  const { contents, usage } = entry
  const { isWatched, activity, progress, info } = circumstances
  const wanted = circumstances.wanted ?? wantedByItself(entry, activity)
  const there = bytesThere(contents, wanted.files)
  const missing = wanted.bytes - there
  const isKnown = contents.length > 0
  const isWhole =
    wanted.files.length > 0 &&
    wanted.files.every((index) => contents.files[index]?.wholeMtimeMs !== undefined)
  const downloadSpeed = activity?.downloadSpeed ?? 0
  const state = stateOf(circumstances, isKnown, isWhole)
  const doesCome = state === 'fetching' && downloadSpeed > 0 && missing > 0
  return {
    infoHash: contents.infoHash,
    name: contents.name,
    state,
    reason: progress?.reason,
    noRoom: progress?.noRoom,
    isPinned: usage.isPinned,
    isWatched,
    origin: usage.origin,
    wish: usage.wish,
    addedAt: new Date(usage.addedAt).toISOString(),
    lastReadAt: new Date(usage.lastReadAt).toISOString(),
    plays: Number(playsAt(usage, now).toFixed(2)),
    directory: contents.directory,
    bytesOnDisk: contents.bytesOnDisk,
    bytesThere: there,
    bytesWanted: isKnown ? wanted.bytes : undefined,
    percent: wanted.bytes === 0 ? 0 : Math.floor((1000 * there) / wanted.bytes) / 10,
    peers: activity?.peers ?? 0,
    seeders: activity?.peers ? activity.seeders : usage.seeders,
    downloadSpeed,
    etaSeconds: doesCome ? Math.ceil(missing / downloadSpeed) : undefined,
    files: filesOf(entry, wanted, info),
  }
}

function stateOf({ activity, progress }: Circumstances, isKnown: boolean, isWhole: boolean): LibraryState {
  if (progress?.state === 'refused' || progress?.state === 'failed') return progress.state
  if (isWhole && !progress) return 'whole'
  if (activity?.isFetching) return isKnown && activity.peers > 0 ? 'fetching' : 'looking'
  if (progress) return progress.state === 'queued' ? 'queued' : 'fetching'
  return 'partial'
}

/** Without a wish: what is being watched or is whole, else the file of which there is most. */
function wantedByItself({ contents }: CacheEntry, activity: Activity | undefined): SelectedFiles {
  const files = Object.entries(contents.files).map(([index, file]) => ({ index: Number(index), ...file }))
  const most = files.toSorted((a, b) => b.bytesThere - a.bytesThere).slice(0, 1)
  const wanted = files.filter(
    ({ index, wholeMtimeMs }) => wholeMtimeMs !== undefined || activity?.wanted.has(index),
  )
  const chosen = wanted.length > 0 ? wanted : most
  return { files: chosen.map(({ index }) => index), bytes: chosen.reduce((sum, { size }) => sum + size, 0) }
}

function filesOf(
  { contents }: CacheEntry,
  wanted: SelectedFiles,
  info: TorrentInfo | undefined,
): LibraryFile[] {
  const isWanted = new Set(wanted.files)
  const listed = info
    ? info.files.map(({ name, length: size, isPadding }, index) => ({ index, name, size, isPadding }))
    : Object.entries(contents.files).map(([index, { name, size }]) => ({ index: Number(index), name, size }))
  return listed
    .filter((file) => !('isPadding' in file && file.isPadding))
    .map(({ index, name, size }) => ({
      index,
      name,
      size,
      bytesThere: contents.files[index]?.bytesThere ?? 0,
      isWhole: contents.files[index]?.wholeMtimeMs !== undefined,
      isWanted: isWanted.has(index),
    }))
}
