import type { Stats } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { statIfThere } from './if-there.ts'

/** A file that was changed more recently may still be being copied. */
const SETTLE_MS = 1_500

/** How long until a file counts as finished if it is not changed again; 0 = it is finished. */
export function settlingMs({ mtimeMs }: Stats, now: number): number {
  const ageMs = now - mtimeMs
  // mtimes are finer than our clock, so they may lie slightly ahead; one far in the future says nothing.
  return ageMs < -SETTLE_MS ? 0 : Math.max(0, SETTLE_MS - Math.max(0, ageMs))
}

/** Waits until a file has not been changed for a while. @returns `undefined` if it is gone */
export async function whenSettled(path: string, signal: AbortSignal): Promise<Stats | undefined> {
  for (;;) {
    const stats = await fileAt(path)
    const waitMs = stats ? settlingMs(stats, Date.now()) : 0
    if (waitMs === 0) return stats
    await sleep(waitMs, undefined, { signal })
  }
}

/** The stats of a file, links followed; `undefined` if there is none. @throws as {@link statIfThere} */
export async function fileAt(path: string): Promise<Stats | undefined> {
  const found = await statIfThere(path)
  return found?.isFile() ? found : undefined
}
