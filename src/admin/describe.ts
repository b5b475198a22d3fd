import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { TorrentInfo } from '../domain/bittorrent/metainfo.ts'
import { type Origin, playsAt, type Selection } from '../domain/usage.ts'
import type { Progress } from '../downloads/download.ts'
import { bytesThere, isComplete, type SelectedFiles } from '../downloads/selected-files.ts'
import type { CacheEntry } from '../torrent-index/index-entries.ts'
import type { Activity } from '../torrents/fetch-ahead.ts'

/**
 * - `whole`: everything wanted of it is complete
 * - `fetching`: being fetched
 * - `looking`: for peers, or for the metadata
 * - `queued`: added, and waits for its turn or its next attempt
 * - `refused`: added, and does not fit; it begins when it fits
 * - `failed`: added, and will not be tried again
 * - `partial`: some of it is on disk, and nothing of the rest is being fetched, even while it is in the swarm
 */
export type TorrentState = 'whole' | 'fetching' | 'looking' | 'queued' | 'refused' | 'failed' | 'partial'

/** A torrent on disk, in the API. */
export interface TorrentEntry {
  readonly infoHash: InfoHash
  readonly name: string
  readonly state: TorrentState
  /** in words, where the state alone does not say it */
  readonly reason?: string | undefined
  /** of a refusal: the numbers */
  readonly noRoom?: Progress['noRoom']
  readonly isPinned: boolean
  /** a viewer reads it, or waits for it */
  readonly isWatched: boolean
  readonly origin: Origin
  /** the files that were added, until they are complete */
  readonly wish?: Selection | undefined
  /** ISO 8601 */
  readonly addedAt: string
  readonly lastReadAt: string
  /** each counts half after 14 days */
  readonly plays: number
  /** its own folder */
  readonly directory: string
  /** what the disk really uses for it */
  readonly bytesOnDisk: number
  /** of the wanted files */
  readonly bytesThere: number
  /** absent while the metadata is not known */
  readonly bytesWanted?: number | undefined
  readonly percent: number
  /** connected now */
  readonly peers: number
  /** connected now, or the most when it was last in the swarm; absent if none was ever connected */
  readonly seeders?: number | undefined
  /** bytes per second */
  readonly downloadSpeed: number
  /** absent while nothing is received */
  readonly etaSeconds?: number | undefined
  /** those that have data on disk; all files where one torrent is asked for */
  readonly files: readonly EntryFile[]
}

export interface EntryFile {
  /** counted over all files of the torrent from 0 */
  readonly index: number
  readonly name: string
  /** bytes */
  readonly size: number
  readonly bytesThere: number
  readonly isWhole: boolean
  readonly isWanted: boolean
}

/** What is known of a torrent in addition to what is on disk. */
export interface Circumstances {
  readonly isWatched: boolean
  readonly activity?: Activity | undefined
  /** of its download, if it was added */
  readonly progress?: Progress | undefined
  readonly wanted?: SelectedFiles | undefined
  /** if present, all files are listed */
  readonly info?: TorrentInfo | undefined
}

export function describe(entry: CacheEntry, circumstances: Circumstances, now: number): TorrentEntry {
  const { contents, usage } = entry
  const { isWatched, activity, progress, info } = circumstances
  const wanted = circumstances.wanted ?? wantedByItself(entry, activity)
  const there = bytesThere(contents, wanted.files)
  const missing = wanted.bytes - there
  const isKnown = contents.length > 0
  const isWhole = wanted.files.length > 0 && wanted.files.every((index) => isComplete(contents, index))
  const downloadSpeed = activity?.downloadSpeed ?? 0
  const state = stateOf(circumstances, isKnown, isWhole)
  const isReceiving = state === 'fetching' && downloadSpeed > 0 && missing > 0
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
    etaSeconds: isReceiving ? Math.ceil(missing / downloadSpeed) : undefined,
    files: filesOf(entry, wanted, info),
  }
}

function stateOf({ activity, progress }: Circumstances, isKnown: boolean, isWhole: boolean): TorrentState {
  if (progress?.state === 'refused' || progress?.state === 'failed') return progress.state
  if (isWhole && !progress) return 'whole'
  if (activity?.isFetching) return isKnown && activity.peers > 0 ? 'fetching' : 'looking'
  if (progress) return progress.state === 'queued' ? 'queued' : 'fetching'
  return 'partial'
}

/** For a torrent that was not added: files that are watched or complete, otherwise the one with most data. */
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
): EntryFile[] {
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
      isWhole: isComplete(contents, index),
      isWanted: isWanted.has(index),
    }))
}
