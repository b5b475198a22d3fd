/** Pauses between tries, in ms: each is twice as long as the one before, up to a limit. */
export interface BackOff {
  readonly first: number
  readonly max: number
}

/** @param failures - in a row, from 1 */
export function pauseAfter(failures: number, { first, max }: BackOff): number {
  return Math.min(first * 2 ** (failures - 1), max)
}
