const TEXT = 24
const SLOT = 16
const OBJECT = 48

/**
 * Estimated heap size of plain data in bytes, used to bound caches. It errs upwards: characters count two bytes, and
 * shared values count each time.
 */
export function heapBytes(value: unknown): number {
  let bytes = 0
  const left: unknown[] = [value]
  while (left.length > 0) {
    const next = left.pop()
    bytes += SLOT
    if (typeof next === 'string') bytes += TEXT + 2 * next.length
    else if (ArrayBuffer.isView(next)) bytes += OBJECT + next.byteLength
    else if (typeof next === 'object' && next !== null) {
      bytes += OBJECT
      for (const part of partsOf(next)) left.push(part)
    }
  }
  return bytes
}

/** Keys of an object are not counted: objects of the same shape share them. */
function partsOf(value: object): Iterable<unknown> {
  if (Array.isArray(value)) return value
  if (value instanceof Map) return [...value].flat()
  return value instanceof Set ? value : Object.values(value)
}
