/** In bytes, both ends inclusive, always inside the file. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** None of the requested bytes exist: 416. */
export class RangeNotSatisfiableError extends Error {
  override readonly name = 'RangeNotSatisfiableError'
  readonly size: number

  constructor(size: number) {
    super(`range not satisfiable: the file has ${size} bytes`)
    this.size = size
  }
}

/**
 * The byte range that a player requested, clipped to the file.
 *
 * A header that is not one well-formed byte range is ignored, as the RFC allows: the player gets the complete file.
 *
 * @param header - value of `Range`, such as `bytes=0-1`, `bytes=500-` or `bytes=-500`
 * @param size - length of the file in bytes
 * @returns both ends inclusive, or `undefined` to send the complete file
 * @throws RangeNotSatisfiableError when none of the requested bytes exist
 * @see RFC 9110 §14.1.2
 */
export function parseRange(header: string | undefined, size: number): ByteRange | undefined {
  const parts = /^\s*bytes\s*=\s*(\d*)-(\d*)\s*$/i.exec(header ?? '')
  if (!parts || (parts[1] === '' && parts[2] === '')) return undefined
  const [first, last] = [parts[1], parts[2]].map((digits) => (digits ? Number(digits) : undefined))

  if (first === undefined) {
    const length = Math.min(last ?? 0, size)
    if (length === 0) throw new RangeNotSatisfiableError(size)
    return { start: size - length, end: size - 1 }
  }
  if (last !== undefined && last < first) return undefined
  if (first >= size) throw new RangeNotSatisfiableError(size)
  return { start: first, end: Math.min(last ?? size - 1, size - 1) }
}

/** Number of bytes in a range. */
export function lengthOf(range: ByteRange): number {
  return range.end - range.start + 1
}
