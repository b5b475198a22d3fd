import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { faded, playsAt, type Usage } from '../domain/usage.ts'

const GIB = 1024 ** 3
/** Played so often, a film is not removed just because nobody has watched it lately. */
const POPULAR_PLAYS = 10
/** A player that has just closed its connection is about to open the next one. */
const MAX_GRACE_MS = 60_000
/** What somebody had a reason to fetch is worth a little, though it was never played. */
const WORTH_UNPLAYED = 0.1
/** Where no peer was met, nobody knows how rare it is. */
const UNKNOWN_SEEDERS = 3
/** Evictions go on to here, so that they do not run all the time. */
const FILL_TO = 0.9

/** A torrent on disk, as clean-up weighs it. */
export interface Keepable {
  readonly infoHash: InfoHash
  readonly usage: Usage
  /** what removing it gives back */
  readonly bytes: number
  /** somebody reads it, or waits to */
  readonly isUsed: boolean
  /** fetched because somebody asked for it, and not there yet */
  readonly isAwaited: boolean
  /** being fetched because somebody may want it */
  readonly isGuessed: boolean
  /** its disk is */
  readonly isReadOnly?: boolean | undefined
}

/** Why something is not removed, whatever the need. */
export type Protection = 'read_only' | 'pinned' | 'used' | 'just_read' | 'awaited'

/** @param idleMs - time after which clean-up takes what nobody reads; 0 = never */
export function protectionOf(entry: Keepable, idleMs: number, now: number): Protection | undefined {
  if (entry.isReadOnly) return 'read_only'
  if (entry.usage.isPinned) return 'pinned'
  if (entry.isUsed) return 'used'
  if (entry.isAwaited) return 'awaited'
  if (isUnplayedGuess(entry)) return undefined
  // A clock that was put back says that it was read in the future: if that is far away, it was not just now.
  const agoMs = Math.abs(now - entry.usage.lastReadAt)
  return agoMs < Math.min(MAX_GRACE_MS, idleMs) ? 'just_read' : undefined
}

/** Watched so often that it is kept even when nobody has watched it for a while. */
export function isPopular({ usage }: Keepable, now: number): boolean {
  return Math.round(playsAt(usage, now)) >= POPULAR_PLAYS
}

/** Fetched because somebody might want it, and nobody has yet. */
function isUnplayedGuess({ usage }: Pick<Keepable, 'usage'>): boolean {
  return usage.origin === 'ahead' && usage.plays === 0
}

/** Which torrents nobody has read for long enough. */
export function chooseIdle<T extends Keepable>(entries: readonly T[], idleMs: number, now: number): T[] {
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
 * What a torrent is worth for its size: how much it is watched, and how hard it would be to get again. What is worth
 * least goes first.
 */
export function keepScore({ usage, bytes }: Keepable, now: number): number {
  const interest = playsAt(usage, now) + WORTH_UNPLAYED * faded(now - usage.lastReadAt)
  const rarity = 1 + 4 / (1 + (usage.seeders ?? UNKNOWN_SEEDERS))
  // Twice the size is not twice the burden: a long film is not worth less than two short ones for its length alone.
  return (interest * rarity) / Math.sqrt(Math.max(bytes, 1) / GIB)
}

/** All that may go, what goes first in front: guesses, and then what is worth least. */
export function inOrderOfRemoval<T extends Keepable>(
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
 * Which torrents go so that a number of bytes comes free; as few as possible in the order of what they are worth, and
 * all that may go if that is not enough.
 */
export function chooseEvictions<T extends Keepable>(
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

/**
 * Which torrents go so that a limit is kept now, and also when what is wanted has come; for the latter nothing goes that
 * is itself wanted.
 *
 * @param expectedBytes - how much has to go in all, then
 */
export function chooseForRoom<T extends Keepable>(
  entries: readonly T[],
  excessBytes: number,
  expectedBytes: number,
  isWanted: (entry: T) => boolean,
  idleMs: number,
  now: number,
): T[] {
  const chosen = chooseEvictions(entries, excessBytes, idleMs, now)
  const others = entries.filter((entry) => !chosen.includes(entry) && !isWanted(entry))
  return [...chosen, ...chooseEvictions(others, expectedBytes - bytesOf(chosen), idleMs, now)]
}

function bytesOf(entries: readonly Keepable[]): number {
  return entries.reduce((sum, { bytes }) => sum + bytes, 0)
}

/** How much has to go when a limit is passed: enough to be well below it for a while; 0 while it is kept. */
export function excessOver(limitBytes: number, usedBytes: number): number {
  return usedBytes > limitBytes ? usedBytes - Math.floor(limitBytes * FILL_TO) : 0
}

/** The same for a disk that has too little left. */
export function shortageBelow(minFreeBytes: number, freeBytes: number): number {
  return freeBytes < minFreeBytes ? Math.ceil(minFreeBytes / FILL_TO) - freeBytes : 0
}
