import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { Keepable } from './eviction.ts'

/** What there is to share out, seen from one torrent; bytes. */
export interface Space {
  /** what all torrents together may take; absent = no limit */
  readonly maxBytes?: number | undefined
  /** what all of them take now */
  readonly usedBytes: number
  /** of that, what the others take that may go, though perhaps not while somebody is watching */
  readonly evictableBytes: number
  /** what the others take that are pinned, or being fetched because somebody asked for them */
  readonly heldBytes: number
  /** what is still to come of these */
  readonly owedBytes: number
  readonly disk: DiskSpace
}

/** The same for the disk that the torrent lies on. */
export interface DiskSpace {
  readonly freeBytes: number
  /** to be left free */
  readonly minFreeBytes: number
  readonly evictableBytes: number
  readonly owedBytes: number
}

interface Situation {
  readonly maxBytes?: number | undefined
  readonly minFreeBytes: number
  readonly freeBytes: number
  readonly entries: readonly Keepable[]
  /** those on its disk */
  readonly beside: readonly Keepable[]
  /** what is still to come of torrents that somebody asked for */
  readonly owed: ReadonlyMap<InfoHash, number>
}

/** @param infoHash - whose space it is; the torrent need not be there yet */
export function spaceFor(infoHash: InfoHash, situation: Situation): Space {
  const { maxBytes, minFreeBytes, freeBytes, entries, beside, owed } = situation
  const others = entries.filter((entry) => entry.infoHash !== infoHash)
  const othersBeside = beside.filter((entry) => entry.infoHash !== infoHash)
  const isHeld = (entry: Keepable) => entry.usage.isPinned || entry.isAwaited
  const mayGo = (entry: Keepable) => !isHeld(entry)
  const owedBy = (entry: Keepable) => owed.get(entry.infoHash) ?? 0
  const bytes = (entry: Keepable) => entry.bytes
  return {
    maxBytes,
    usedBytes: sumOf(entries, bytes),
    evictableBytes: sumOf(others.filter(mayGo), bytes),
    heldBytes: sumOf(others.filter(isHeld), bytes),
    owedBytes: sumOf(others, owedBy),
    disk: {
      freeBytes,
      minFreeBytes,
      evictableBytes: sumOf(othersBeside.filter(mayGo), bytes),
      owedBytes: sumOf(othersBeside, owedBy),
    },
  }
}

function sumOf(entries: readonly Keepable[], bytes: (entry: Keepable) => number): number {
  return entries.reduce((sum, entry) => sum + bytes(entry), 0)
}
