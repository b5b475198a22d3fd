/** More episodes than this are in no pack; a longer run is a misreading, and costs memory. */
const MAX_RUN_LENGTH = 2_000

/**
 * Numbers of a text such as `01E02E03` or `01-03`; a dash, a tilde or "to" between them stands for all between.
 *
 * @param text - only numbers and what joins them; an `S01` in front of a later number is not one of them
 * @returns in ascending order, each once
 */
export function expandRun(text: string): number[] {
  const plain = text.replace(/s\d{1,4}(?=[ ._]{0,2}e)/gi, '').replace(/(?<=\d)v\d/gi, '')
  const numbers = [...plain.matchAll(/\d+/g)].map(([digits]) => Number(digits))
  const first = numbers[0]
  const last = numbers.at(-1)
  if (first === undefined || last === undefined) return []
  if (/\d[ªº°]?[ ._]*(?:[-–~]|to|thru|bis|à|ao?(?!\p{L}))[ ._]*\D{0,4}\d/iu.test(plain)) {
    if (last <= first || last - first > MAX_RUN_LENGTH) return [first]
    return Array.from({ length: last - first + 1 }, (_, index) => first + index)
  }
  return [...new Set(numbers)].sort((a, b) => a - b)
}
