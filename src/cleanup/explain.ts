import type { InfoHash } from '../domain/bittorrent/info-hash.ts'
import { playsAt, type Usage } from '../domain/usage.ts'
import { spanInWords } from '../lib/in-words.ts'
import type { Contents } from '../storage/contents.ts'
import {
  chooseIdle,
  inOrderOfRemoval,
  isPopular,
  type Keepable,
  keepScore,
  type Protection,
  protectionOf,
} from './eviction.ts'

export interface Limits {
  /** 0 = keep for good */
  readonly idleMs: number
  readonly maxBytes?: number | undefined
  readonly minFreeBytes: number
  /** on the disk that has least */
  readonly freeBytes: number
}

export interface Explanation extends Limits {
  readonly usedBytes: number
  /** what goes first in front, as far as it may go at all */
  readonly next: readonly ExplainedEntry[]
  /** what does not go, whatever the need */
  readonly kept: readonly ExplainedEntry[]
}

export interface ExplainedEntry {
  readonly infoHash: InfoHash
  readonly name: string
  readonly bytes: number
  /** what it is worth for its size; the least goes first */
  readonly score: number
  readonly why: string
}

interface Entry extends Keepable {
  readonly contents: Contents
}

/** Why each torrent stays or goes, in words. */
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
        ? 'past its idle time, goes in the next round'
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
      return 'somebody is watching it'
    case 'awaited':
      return 'somebody asked for it, and it is still being fetched'
    case 'just_read':
      return `read ${spanInWords(now - usage.lastReadAt)} ago: its player may be between two requests`
    default:
      return protection satisfies never
  }
}

function worthOf({ usage, bytes }: Entry, now: number): string {
  const plays = playsAt(usage, now)
  const seeders =
    usage.seeders === undefined ? 'nobody knows how many seeders' : `${usage.seeders} seeders when last met`
  return [
    plays === 0 ? neverPlayed(usage) : `${plays.toFixed(1)} plays (each counts half after 14 days)`,
    `last read ${spanInWords(now - usage.lastReadAt)} ago`,
    seeders,
    `${(bytes / 1e9).toFixed(2)} GB`,
  ].join(', ')
}

function neverPlayed({ origin }: Usage): string {
  return origin === 'ahead' ? 'fetched ahead as a guess and never played' : 'never played'
}

function whenIdle(entry: Entry, idleMs: number, now: number): string {
  if (idleMs === 0) return 'goes only when room is needed'
  if (entry.isGuessed) return 'being fetched ahead: goes only when room is needed'
  if (isPopular(entry, now)) return 'popular: goes only when room is needed'
  return `idle in ${spanInWords(entry.usage.lastReadAt + idleMs - now)}`
}
