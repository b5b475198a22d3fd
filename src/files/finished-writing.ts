import type { Stats } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { statIfThere } from './if-there.ts'

/** A file that was written to so lately may still be in the middle of being copied. */
const SETTLE_MS = 1_500

/** How long until a file counts as finished, if nobody writes to it any more; 0 = it does. */
export function settlingMs({ mtimeMs }: Stats, now: number): number {
  const ageMs = now - mtimeMs
  // Dates of files are finer than our clock; one that is really in the future says nothing about when it was written.
  return ageMs < -SETTLE_MS ? 0 : Math.max(0, SETTLE_MS - Math.max(0, ageMs))
}

/** Waits until nobody has written to a file for a while. @returns `undefined` if it is gone */
export async function whenSettled(path: string, signal: AbortSignal): Promise<Stats | undefined> {
  for (;;) {
    const stats = await fileAt(path)
    const waitMs = stats ? settlingMs(stats, Date.now()) : 0
    if (waitMs === 0) return stats
    await sleep(waitMs, undefined, { signal })
  }
}

/** A file, or one that a link leads to; `undefined` if there is none. @throws as {@link statIfThere} */
export async function fileAt(path: string): Promise<Stats | undefined> {
  const found = await statIfThere(path)
  return found?.isFile() ? found : undefined
}
