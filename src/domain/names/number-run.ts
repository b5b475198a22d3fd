/** No pack has more episodes; a longer run is a misreading, and costs memory. */
const MAX_RUN_LENGTH = 2_000

/**
 * The numbers in text such as `01E02E03` or `01-03`; a dash, a tilde or "to" stands for all numbers in between.
 *
 * @param text - only numbers and what joins them; an `S01` before a later number is skipped
 * @returns ascending, without duplicates
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
