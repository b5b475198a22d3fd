import type { FilePart } from '../torrents/fetching/file-part.ts'

const MIB = 1024 * 1024
/** More than any player reads before it shows a picture: 3 s at the highest bit rates, 30 s at common ones. */
const HEAD = 8 * MIB
/** The index of an MP4 or MKV of several hours fits into it. */
const TAIL = 4 * MIB

/** What a player reads of a file before it starts: at most 12 MiB. */
export function headAndTail(fileIdx: number, size: number): FilePart[] {
  const whole = { fileIdx, range: { start: 0, end: size - 1 } }
  if (size <= HEAD + TAIL) return [whole]
  return [
    { fileIdx, range: { start: 0, end: HEAD - 1 } },
    { fileIdx, range: { start: size - TAIL, end: size - 1 } },
  ]
}
