import type { FileSelection } from './bittorrent/file-selection.ts'

/** Over the selections of several links. */
const MAX_RANGES = 10_000
/** Time after which a play counts half. */
const HALF_LIFE_MS = 14 * 24 * 60 * 60 * 1000

/** How a torrent on disk is used, which decides how long it is kept. Times are epoch ms. */
export interface Usage {
  readonly addedAt: number
  readonly lastReadAt: number
  /** sum of plays, each worth 1 at first and half after 14 days; the value at `playsAt` */
  readonly plays: number
  readonly playsAt: number
  /** kept until the user unpins it */
  readonly isPinned: boolean
  readonly origin: Origin
  /** maximum number of complete peers at a time when last in the swarm; absent = never met one */
  readonly seeders?: number | undefined
  /** what the owner added and is not complete yet; `wish` is its name on disk and in the API */
  readonly wish?: Selection | undefined
  /** added to the configured ones while there is a `wish`; unchanged */
  readonly trackers?: readonly string[] | undefined
}

/** Why a torrent is on disk: a viewer requested it, the owner added it, it was imported, or downloaded ahead. */
export type Origin = 'watched' | 'added' | 'imported' | 'ahead'

/**
 * Which files of a torrent to download: the largest video, all of them, these (counted over all files from 0), or those
 * that a magnet link selects.
 */
export type Selection = PlainSelection | LinkSelection
type PlainSelection = 'main' | 'all' | readonly number[]

export interface LinkSelection {
  readonly select: FileSelection
  /** the selection before the link was added */
  readonly beside?: 'main' | readonly number[] | undefined
}

/** What a magnet link selects is fetched in addition to what was selected before (BEP 53). */
export function withSelected(before: Selection | undefined, selected: FileSelection): Selection {
  if (before === undefined) return { select: selected }
  if (before === 'all') return before
  const isSelection = typeof before === 'object' && 'select' in before
  if (!isSelection) return { select: selected, beside: before }
  const all = new Map([...before.select, ...selected].map((range) => [range.join('-'), range]))
  return { ...before, select: [...all.values()].slice(-MAX_RANGES) }
}

/** @param value - `main`, `all`, or indexes as a list or as text with commas; `undefined` for anything else */
export function parseSelection(value: unknown): PlainSelection | undefined {
  if (value === 'main' || value === 'all') return value
  const isText = typeof value === 'string' && /^\d{1,9}(,\d{1,9})*$/.test(value)
  const indexes: unknown = isText ? value.split(',').map(Number) : value
  const isList = Array.isArray(indexes) && indexes.length > 0
  return isList && indexes.every((index) => Number.isSafeInteger(index) && index >= 0) ? indexes : undefined
}

/** The usage of a torrent that is new on disk. */
export function newUsage(origin: Origin, now: number): Usage {
  return { addedAt: now, lastReadAt: now, plays: 0, playsAt: now, isPinned: false, origin }
}

/** The value of all plays at a later time. */
export function playsAt({ plays, playsAt }: Usage, now: number): number {
  return plays * faded(now - playsAt)
}

/** The share of its weight that something keeps after a time: half after 14 days. */
export function faded(ageMs: number): number {
  return 0.5 ** (Math.max(0, ageMs) / HALF_LIFE_MS)
}

/** Counts one more play. */
export function withPlay(usage: Usage, now: number): Usage {
  return { ...usage, plays: playsAt(usage, now) + 1, playsAt: now }
}
