import type { InfoHash } from '../domain/info-hash.ts'

export interface CacheEntry {
  readonly infoHash: InfoHash
  /** epoch ms */
  readonly lastReadAt: number
  /** somebody reads it now */
  readonly isUsed: boolean
}

/**
 * Which torrents nobody has read for long enough.
 *
 * @param idleMs - 0 = keep for good
 */
export function chooseIdle(entries: readonly CacheEntry[], idleMs: number, now: number): CacheEntry[] {
  if (idleMs === 0) return []
  return entries.filter((entry) => !entry.isUsed && now - entry.lastReadAt >= idleMs)
}
