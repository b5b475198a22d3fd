import { dirname } from 'node:path'
import { type Volume, volumeOf } from '../disk/volume.ts'
import type { CacheEntry } from '../torrent-index/index-entries.ts'

type Placed = Pick<CacheEntry, 'contents'>

/** A file system that holds torrents, or may. */
export interface TorrentDisk {
  readonly volume: Volume
  /** folders on it that contain torrents' folders */
  readonly bases: readonly string[]
}

/** The disks of some folders. */
export async function disksOf(bases: Iterable<string>): Promise<TorrentDisk[]> {
  const disks = new Map<number, { volume: Volume; bases: string[] }>()
  for (const base of new Set(bases)) {
    const volume = await volumeOf(base).catch(() => undefined)
    // Skip disks that cannot be examined.
    if (!volume) continue
    const disk = disks.get(volume.id) ?? { volume, bases: [] }
    disks.set(volume.id, disk)
    disk.bases.push(base)
  }
  return [...disks.values()]
}

/** The folder that contains a torrent's own folder. */
export function baseOf({ contents }: Placed): string {
  return dirname(contents.directory)
}

/** Bytes used by torrents, by the folder that contains them. */
export function bytesByBase(entries: readonly Placed[]): Map<string, number> {
  const bytes = new Map<string, number>()
  for (const entry of entries) {
    const base = baseOf(entry)
    bytes.set(base, (bytes.get(base) ?? 0) + entry.contents.bytesOnDisk)
  }
  return bytes
}
