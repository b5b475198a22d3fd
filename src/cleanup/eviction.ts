import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { faded, playsAt, type Usage } from '../domain/usage.ts'

const GIB = 1024 ** 3
/** With this many plays, a torrent is not removed for being idle. */
const POPULAR_PLAYS = 10
/** A player that has just closed its connection is likely to open another. */
const MAX_GRACE_MS = 60_000
/** Base score, so that a torrent that was never played is not worthless: it was requested for a reason. */
const WORTH_UNPLAYED = 0.1
/** Assumed number of seeders if none was ever met. */
const UNKNOWN_SEEDERS = 3
/** Evictions continue down to this share of the limit, so that they do not run all the time. */
const FILL_TO = 0.9

/** A torrent on disk, as weighed by clean-up. */
export interface EvictionCandidate {
  readonly infoHash: InfoHash
  readonly usage: Usage
  /** bytes freed by removing it */
  readonly bytes: number
  /** it is being read, or a viewer waits for it */
  readonly isUsed: boolean
  /** a requested download that is not complete */
  readonly isAwaited: boolean
  /** being downloaded ahead as a guess */
  readonly isGuessed: boolean
  /** it is on a read-only disk */
  readonly isReadOnly?: boolean | undefined
}

/** Why a torrent is not removed, even if space is needed. */
export type Protection = 'read_only' | 'pinned' | 'used' | 'just_read' | 'awaited'

/** @param idleMs - time without reads after which a torrent is idle; 0 = never */
export function protectionOf(entry: EvictionCandidate, idleMs: number, now: number): Protection | undefined {
  if (entry.isReadOnly) return 'read_only'
  if (entry.usage.isPinned) return 'pinned'
  if (entry.isUsed) return 'used'
  if (entry.isAwaited) return 'awaited'
  if (isUnplayedGuess(entry)) return undefined
  // If the clock was set back, the last read is in the future; one far ahead was not recent.
  const agoMs = Math.abs(now - entry.usage.lastReadAt)
  return agoMs < Math.min(MAX_GRACE_MS, idleMs) ? 'just_read' : undefined
}

/** Played so often that it is kept even when idle. */
export function isPopular({ usage }: EvictionCandidate, now: number): boolean {
  return Math.round(playsAt(usage, now)) >= POPULAR_PLAYS
}

/** Downloaded ahead as a guess, and never played. */
function isUnplayedGuess({ usage }: Pick<EvictionCandidate, 'usage'>): boolean {
  return usage.origin === 'ahead' && usage.plays === 0
}

/** Torrents that have not been read for long enough. */
export function chooseIdle<T extends EvictionCandidate>(
  entries: readonly T[],
  idleMs: number,
  now: number,
): T[] {
  if (idleMs === 0) return []
  return entries.filter(
    (entry) =>
      protectionOf(entry, idleMs, now) === undefined &&
      !isPopular(entry, now) &&
      !entry.isGuessed &&
      now - entry.usage.lastReadAt >= idleMs,
  )
}

/**
 * What a torrent is worth for its size: how much it is watched, and how hard it is to get again. The lowest score is
 * removed first.
 */
export function keepScore({ usage, bytes }: EvictionCandidate, now: number): number {
  const interest = playsAt(usage, now) + WORTH_UNPLAYED * faded(now - usage.lastReadAt)
  const rarity = 1 + 4 / (1 + (usage.seeders ?? UNKNOWN_SEEDERS))
  // By the square root of the size, so that a long film is not worth less than two short ones for its length alone.
  return (interest * rarity) / Math.sqrt(Math.max(bytes, 1) / GIB)
}

/** Everything that may be removed, in order: guesses first, then by score. */
export function inOrderOfRemoval<T extends EvictionCandidate>(
  entries: readonly T[],
  idleMs: number,
  now: number,
): T[] {
  return entries
    .filter((entry) => entry.bytes > 0 && protectionOf(entry, idleMs, now) === undefined)
    .map((entry) => ({ entry, isGuess: isUnplayedGuess(entry), score: keepScore(entry, now) }))
    .sort(
      (a, b) =>
        Number(b.isGuess) - Number(a.isGuess) ||
        a.score - b.score ||
        a.entry.usage.lastReadAt - b.entry.usage.lastReadAt,
    )
    .map(({ entry }) => entry)
}

/**
 * Which torrents to remove to free a number of bytes: as few as possible in order of removal; everything that may be
 * removed if that is not enough.
 */
export function chooseEvictions<T extends EvictionCandidate>(
  entries: readonly T[],
  excessBytes: number,
  idleMs: number,
  now: number,
): T[] {
  if (excessBytes <= 0) return []
  const chosen: T[] = []
  let freed = 0
  for (const entry of inOrderOfRemoval(entries, idleMs, now)) {
    if (freed >= excessBytes) break
    chosen.push(entry)
    freed += entry.bytes
  }
  return chosen
}

export interface SpaceNeeded<T> {
  /** bytes to remove now */
  readonly excessBytes: number
  /** bytes to remove in total, so that what is wanted fits too */
  readonly expectedBytes: number
  readonly isWanted: (entry: T) => boolean
  readonly idleMs: number
  readonly now: number
}

/**
 * Which torrents to remove so that a limit holds now, and also after the wanted downloads. For the latter, torrents
 * that are themselves wanted are not removed.
 */
export function chooseForRoom<T extends EvictionCandidate>(
  entries: readonly T[],
  { excessBytes, expectedBytes, isWanted, idleMs, now }: SpaceNeeded<T>,
): T[] {
  const chosen = chooseEvictions(entries, excessBytes, idleMs, now)
  const others = entries.filter((entry) => !chosen.includes(entry) && !isWanted(entry))
  return [...chosen, ...chooseEvictions(others, expectedBytes - bytesOf(chosen), idleMs, now)]
}

function bytesOf(entries: readonly EvictionCandidate[]): number {
  return entries.reduce((sum, { bytes }) => sum + bytes, 0)
}

/** How much to remove when a limit is exceeded: enough to be below it for a while; 0 within the limit. */
export function excessOver(limitBytes: number, usedBytes: number): number {
  return usedBytes > limitBytes ? usedBytes - Math.floor(limitBytes * FILL_TO) : 0
}

/** How much to remove when a disk has too little free space. */
export function shortageBelow(minFreeBytes: number, freeBytes: number): number {
  return freeBytes < minFreeBytes ? Math.ceil(minFreeBytes / FILL_TO) - freeBytes : 0
}
