const TEXT = 24
const SLOT = 16
const OBJECT = 48

/**
 * About how many bytes of memory a value takes that is nothing but data: what caches are weighed by. It rather says too
 * much: letters count two bytes, and what stands in it twice counts twice.
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

/** The keys of an object do not count: objects of one shape share them. */
function partsOf(value: object): Iterable<unknown> {
  if (Array.isArray(value)) return value
  if (value instanceof Map) return [...value].flat()
  return value instanceof Set ? value : Object.values(value)
}
