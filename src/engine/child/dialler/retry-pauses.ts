/** After the first, second and third failure in a row. After the fourth, an address is not dialled again. */
const FAILED_MS = [10_000, 60_000, 300_000]
/** A peer that gave something is dialled again soon: it may be the only one. */
const GIVER_MS = { first: 500, max: 10_000 }
const SHORT_MS = 60_000

/** @param failures - in a row, before this one. @returns ms; `undefined` = never */
export function pauseOfFailed(failures: number): number | undefined {
  return FAILED_MS[failures]
}

/**
 * The pause before a peer that gave something is dialled again: doubled while its connections are short.
 *
 * @param shortOnes - {@link isShort} connections in a row, with the last one
 * @returns ms
 */
export function pauseOfGiver(shortOnes: number): number {
  return Math.min(GIVER_MS.first * 2 ** Math.max(0, shortOnes - 1), GIVER_MS.max)
}

/** @param ms - how long a connection lasted */
export function isShort(ms: number): boolean {
  return ms < SHORT_MS
}
