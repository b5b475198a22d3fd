import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { playsAt, type Usage } from '../domain/usage.ts'
import { spanInWords } from '../lib/in-words.ts'
import type { Contents } from '../storage/contents.ts'
import {
  chooseIdle,
  type EvictionCandidate,
  inOrderOfRemoval,
  isPopular,
  keepScore,
  type Protection,
  protectionOf,
} from './eviction.ts'

export interface Limits {
  /** 0 = never idle */
  readonly idleMs: number
  readonly maxBytes?: number | undefined
  readonly minFreeBytes: number
  /** on the disk with the least */
  readonly freeBytes: number
}

export interface Explanation extends Limits {
  readonly usedBytes: number
  /** what may be removed, in order */
  readonly next: readonly ExplainedEntry[]
  /** what is kept even if space is needed */
  readonly kept: readonly ExplainedEntry[]
}

export interface ExplainedEntry {
  readonly infoHash: InfoHash
  readonly name: string
  readonly bytes: number
  /** worth for its size; the lowest goes first */
  readonly score: number
  readonly why: string
}

interface Entry extends EvictionCandidate {
  readonly contents: Contents
}

/** Why each torrent stays or goes, for people to read. */
export function explainCache(limits: Limits, entries: readonly Entry[], now: number): Explanation {
  const { idleMs } = limits
  const idle = new Set(chooseIdle(entries, idleMs, now))
  const line = (entry: Entry, why: string): ExplainedEntry => ({
    infoHash: entry.infoHash,
    name: entry.contents.name,
    bytes: entry.bytes,
    score: Number(keepScore(entry, now).toPrecision(3)),
    why,
  })
  return {
    ...limits,
    usedBytes: entries.reduce((sum, { bytes }) => sum + bytes, 0),
    next: inOrderOfRemoval(entries, idleMs, now).map((entry) => {
      const isSoon = idle.has(entry)
        ? 'past its idle time, removed in the next round'
        : whenIdle(entry, idleMs, now)
      return line(entry, `${worthOf(entry, now)}; ${isSoon}`)
    }),
    kept: entries.flatMap((entry) => {
      const protection = protectionOf(entry, idleMs, now)
      return protection ? [line(entry, reasonToKeep(protection, entry.usage, now))] : []
    }),
  }
}

export function reasonToKeep(protection: Protection, usage: Usage, now: number): string {
  switch (protection) {
    case 'read_only':
      return 'its disk is read-only'
    case 'pinned':
      return 'pinned'
    case 'used':
      return 'it is being watched'
    case 'awaited':
      return 'it was requested and is not complete yet'
    case 'just_read':
      return `read ${spanInWords(now - usage.lastReadAt)} ago; its player may be between two requests`
    default:
      return protection satisfies never
  }
}

function worthOf({ usage, bytes }: Entry, now: number): string {
  const plays = playsAt(usage, now)
  const seeders =
    usage.seeders === undefined ? 'unknown number of seeders' : `${usage.seeders} seeders when last seen`
  return [
    plays === 0 ? neverPlayed(usage) : `${plays.toFixed(1)} plays (each counts half after 14 days)`,
    `last read ${spanInWords(now - usage.lastReadAt)} ago`,
    seeders,
    `${(bytes / 1e9).toFixed(2)} GB`,
  ].join(', ')
}

function neverPlayed({ origin }: Usage): string {
  return origin === 'ahead' ? 'downloaded ahead as a guess and never played' : 'never played'
}

function whenIdle(entry: Entry, idleMs: number, now: number): string {
  if (idleMs === 0) return 'removed only when space is needed'
  if (entry.isGuessed) return 'being downloaded ahead: removed only when space is needed'
  if (isPopular(entry, now)) return 'popular: removed only when space is needed'
  return `idle in ${spanInWords(entry.usage.lastReadAt + idleMs - now)}`
}
