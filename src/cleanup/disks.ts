import { dirname } from 'node:path'
import { type Volume, volumeOf } from '../disk/volume.ts'
import type { CacheEntry } from '../torrent-index/index-entry.ts'

type Placed = Pick<CacheEntry, 'contents'>

/** A file system that torrents lie on, or may come to lie on. */
export interface Disk {
  readonly volume: Volume
  /** folders on it that hold the folders of torrents */
  readonly bases: readonly string[]
}

/** The disks on which folders lie. */
export async function disksOf(bases: Iterable<string>): Promise<Disk[]> {
  const disks = new Map<number, { volume: Volume; bases: string[] }>()
  for (const base of new Set(bases)) {
    const volume = await volumeOf(base).catch(() => undefined)
    // One that cannot even be looked at is nobody's to make room on.
    if (!volume) continue
    const disk = disks.get(volume.id) ?? { volume, bases: [] }
    disks.set(volume.id, disk)
    disk.bases.push(base)
  }
  return [...disks.values()]
}

/** The folder in which a torrent's own folder lies. */
export function baseOf({ contents }: Placed): string {
  return dirname(contents.directory)
}

/** How many bytes torrents take, by the folder they lie in. */
export function bytesByBase(entries: readonly Placed[]): Map<string, number> {
  const bytes = new Map<string, number>()
  for (const entry of entries) {
    const base = baseOf(entry)
    bytes.set(base, (bytes.get(base) ?? 0) + entry.contents.bytesOnDisk)
  }
  return bytes
}
