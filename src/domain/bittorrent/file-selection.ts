/**
 * Which files a magnet link selects, as inclusive ranges. Indexes do not count padding files (BEP 47), which makers of
 * links do not show.
 */
export type FileSelection = readonly (readonly [first: number, last: number])[]

const MAX_RANGES = 1_000
const RANGE = /^(\d{1,9})(?:-(\d{1,9}))?$/

/**
 * Reads the value of `so=`: `0,2,4,6-8`. Invalid parts are skipped, as other clients do.
 *
 * @returns `undefined` if nothing is selected
 * @see BEP 53
 */
export function parseFileSelection(text: string): FileSelection | undefined {
  const ranges = text.split(',', MAX_RANGES).flatMap((part): [number, number][] => {
    const [, first, last = first] = RANGE.exec(part.trim()) ?? []
    const isRange = first !== undefined && Number(first) <= Number(last)
    return isRange ? [[Number(first), Number(last)]] : []
  })
  return ranges.length > 0 ? ranges : undefined
}

/** Whether each of `count` files is selected, by index without padding files. */
export function selectedOf(selection: FileSelection, count: number): readonly boolean[] {
  const changes = new Int32Array(count + 1)
  for (const [first, last] of selection.filter(([first]) => first < count)) {
    changes[first] = (changes[first] ?? 0) + 1
    const end = Math.min(last + 1, count)
    changes[end] = (changes[end] ?? 0) - 1
  }
  let open = 0
  return Array.from(changes.subarray(0, count), (change) => {
    open += change
    return open > 0
  })
}
