const MIB = 1024 * 1024

/** A range of a file that a viewer read from front to back, over one or more connections. */
export interface Run {
  readonly start: number
  /** first byte that was not read yet */
  readonly end: number
  /** when it began; ms */
  readonly since: number
}

/** A read that begins this close to the end of a run continues it: players read some bytes twice, or skip some. */
const GAP = MIB
/** Sound and picture may be separate runs; older runs are abandoned seeks. */
const MAX_RUNS = 4
/** Probing, such as of the index at the end, reads less than this, or than a twentieth of the file. */
const PLAYED = 16 * MIB
/** Until then players fill their buffers faster than they play. */
const PACE_MS = 60_000
const NEARLY = { part: 0.8, leftMs: 10 * 60_000, leastPart: 0.5 }

/** The runs of a file after another read; the one that was read from last comes first. */
export function withRead(runs: readonly Run[], start: number, end: number, now: number): Run[] {
  const continued = runs.find((run) => start >= run.start && Math.abs(start - run.end) <= GAP)
  const others = runs.filter((run) => run !== continued)
  const run = continued
    ? { ...continued, end: Math.max(continued.end, end) }
    : { start, end: Math.max(start, end), since: now }
  return [run, ...others].slice(0, MAX_RUNS)
}

/** Whether the file is being watched, not only probed. @param size - of the file, bytes */
export function isPlayed(runs: readonly Run[], size: number): boolean {
  return runs.some((run) => isLong(run, size))
}

/** Whether the viewer has seen four fifths of the file, or has ten minutes left at the pace so far. */
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
