const MIB = 1024 * 1024

/** A piece of a file that somebody has read from front to back, over however many connections. */
export interface Run {
  readonly start: number
  /** first byte that was not read yet */
  readonly end: number
  /** when it began; ms */
  readonly since: number
}

/** A read so close to where another one ended goes on with it: players ask twice for a little, or skip some. */
const GAP = MIB
/** Sound and picture may be read apart; older ones are seeks that lead nowhere any more. */
const MOST_RUNS = 4
/** What a player only looks at, such as the index at the end, is less than this, or than a twentieth of the file. */
const PLAYED = 16 * MIB
/** Before that, players fill their buffers, and how fast they read says nothing. */
const PACE_MS = 60_000
const NEARLY = { part: 0.8, leftMs: 10 * 60_000, leastPart: 0.5 }

/** The runs of a file after some more bytes of it were read, the last one in front. */
export function withRead(runs: readonly Run[], start: number, end: number, now: number): Run[] {
  const continued = runs.find((run) => start >= run.start && Math.abs(start - run.end) <= GAP)
  const others = runs.filter((run) => run !== continued)
  const run = continued
    ? { ...continued, end: Math.max(continued.end, end) }
    : { start, end: Math.max(start, end), since: now }
  return [run, ...others].slice(0, MOST_RUNS)
}

/** Whether somebody watches, and does not just look at it. @param size - of the file, bytes */
export function isPlayed(runs: readonly Run[], size: number): boolean {
  return runs.some((run) => isLong(run, size))
}

/** Whether whoever watches has seen four fifths of it, or has ten minutes left at their pace. */
export function isNearlyThrough(runs: readonly Run[], size: number, now: number): boolean {
  return runs.some((run) => isLong(run, size) && (run.end >= NEARLY.part * size || endsSoon(run, size, now)))
}

function isLong({ start, end }: Run, size: number): boolean {
  return end - start >= Math.min(PLAYED, size / 20)
}

function endsSoon({ start, end, since }: Run, size: number, now: number): boolean {
  const elapsedMs = now - since
  if (elapsedMs < PACE_MS || end < NEARLY.leastPart * size) return false
  const bytesPerMs = (end - start) / elapsedMs
  return size - end <= bytesPerMs * NEARLY.leftMs
}
