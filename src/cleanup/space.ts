import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import type { EvictionCandidate } from './eviction.ts'

/** The available space from the view of one torrent; bytes. */
export interface Space {
  /** limit for all torrents together; absent = none */
  readonly maxBytes?: number | undefined
  /** used by all of them now */
  readonly usedBytes: number
  /** of that, used by others that may be evicted, though perhaps not while they are watched */
  readonly evictableBytes: number
  /** used by others that are pinned, or requested and not complete */
  readonly heldBytes: number
  /** still to be downloaded of these */
  readonly owedBytes: number
  readonly disk: DiskSpace
}

/** The same for the disk that the torrent is on. */
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
  readonly entries: readonly EvictionCandidate[]
  /** those on its disk */
  readonly beside: readonly EvictionCandidate[]
  /** bytes still to be downloaded of requested torrents */
  readonly owed: ReadonlyMap<InfoHash, number>
}

/** @param infoHash - the torrent, which need not exist yet */
export function spaceFor(infoHash: InfoHash, situation: Situation): Space {
  const { maxBytes, minFreeBytes, freeBytes, entries, beside, owed } = situation
  const others = entries.filter((entry) => entry.infoHash !== infoHash)
  const othersBeside = beside.filter((entry) => entry.infoHash !== infoHash)
  const isHeld = (entry: EvictionCandidate) => entry.usage.isPinned || entry.isAwaited
  const mayGo = (entry: EvictionCandidate) => !isHeld(entry)
  const owedBy = (entry: EvictionCandidate) => owed.get(entry.infoHash) ?? 0
  const bytes = (entry: EvictionCandidate) => entry.bytes
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

function sumOf(entries: readonly EvictionCandidate[], bytes: (entry: EvictionCandidate) => number): number {
  return entries.reduce((sum, entry) => sum + bytes(entry), 0)
}
