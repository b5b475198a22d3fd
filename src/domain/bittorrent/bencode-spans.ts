import { MAX_DEPTH } from '../../lib/bencoding.ts'
import type { Work } from '../../lib/in-turns.ts'

/** Where a value lies: `bytes.subarray(start, end)`. */
export interface Span {
  readonly start: number
  readonly end: number
}

const [COLON, DICTIONARY, END, INTEGER, LIST, MINUS, ZERO, NINE] = [...':deil-09'].map((letter) =>
  letter.charCodeAt(0),
) as [number, number, number, number, number, number, number, number]
/** A length of more digits is longer than any bytes. */
const MAX_LENGTH_DIGITS = 12
/** So many values are passed over in one go: some tenths of a millisecond. */
const VALUES_AT_ONCE = 4_096

/**
 * Where the values of the outermost dictionary lie. Nothing is decoded and nothing is searched for: the time grows with
 * the number of bytes, whatever stands in them. Bytes behind the dictionary do not count. Keys may stand there in any
 * order, and more than once.
 *
 * @param wanted - letters of one byte each; other keys are passed over
 * @returns by key, all of its values as they stand there; `undefined` for what is not a dictionary
 * @throws Error when it is not bencoded, or is nested deeper than the decoder takes
 */
export function* dictionarySpans(
  bytes: Uint8Array,
  wanted: ReadonlySet<string>,
): Work<ReadonlyMap<string, readonly Span[]> | undefined> {
  const scanner = new Scanner(bytes)
  if (bytes[0] !== DICTIONARY) {
    if (bytes.length > 0) for (scanner.begin(0); !scanner.isThrough(); ) yield
    return undefined
  }
  const spans = new Map<string, Span[]>()
  const keys = [...wanted]
  for (let at = 1; bytes[at] !== END; at = scanner.at) {
    const name = scanner.string(at)
    for (scanner.begin(name.end); !scanner.isThrough(); ) yield
    const key = keys.find((each) => isAt(bytes, name, each))
    if (key === undefined) continue
    const span = { start: name.end, end: scanner.at }
    const others = spans.get(key)
    if (others) others.push(span)
    else spans.set(key, [span])
  }
  return spans
}

/**
 * Where the values of a list lie.
 *
 * @param bytes - one value, as {@link dictionarySpans} found it
 * @param most - values; what stands behind them is not looked at
 * @returns `undefined` for what is not a list
 * @throws as {@link dictionarySpans}
 */
export function* listSpans(bytes: Uint8Array, most: number): Work<readonly Span[] | undefined> {
  if (bytes[0] !== LIST) return undefined
  const scanner = new Scanner(bytes)
  const spans: Span[] = []
  for (let start = 1; bytes[start] !== END && spans.length < most; start = scanner.at) {
    for (scanner.begin(start); !scanner.isThrough(); ) yield
    spans.push({ start, end: scanner.at })
  }
  return spans
}

/** Passes over one value after the other, bit by bit. */
class Scanner {
  /** where it has come to; behind a value, once it is through */
  at = 0
  readonly #bytes: Uint8Array
  /** for each dictionary or list that has not ended: whether it is a dictionary */
  readonly #open: boolean[] = []
  #isBegun = false
  #values = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  begin(start: number): void {
    this.at = start
    this.#isBegun = false
  }

  /** Goes on with a value. @returns whether all of it was passed over; if not, it is to be called again */
  isThrough(): boolean {
    while (this.#open.length > 0 || !this.#isBegun) {
      this.#isBegun = true
      this.#next()
      if (++this.#values % VALUES_AT_ONCE === 0) return false
    }
    return true
  }

  #next(): void {
    const isInner = this.#open.length > 0
    if (isInner && this.#bytes[this.at] === END) {
      this.#open.pop()
      this.at++
      return
    }
    if (isInner && this.#open.at(-1)) this.at = this.string(this.at).end
    const kind = this.#bytes[this.at]
    if (kind === DICTIONARY || kind === LIST) {
      this.#open.push(kind === DICTIONARY)
      if (this.#open.length > MAX_DEPTH) throw new Error(`nested deeper than ${MAX_DEPTH}`)
      this.at++
    } else this.at = kind === INTEGER ? this.#integer(this.at) : this.string(this.at).end
  }

  /** @returns where the letters of a string lie, without its length in front */
  string(start: number): Span {
    const colon = this.#digits(start)
    const count = colon - start
    if (count === 0 || this.#bytes[colon] !== COLON) throw new Error(`no value at byte ${start}`)
    if (count > MAX_LENGTH_DIGITS) throw new Error('a string longer than the bytes')
    let length = 0
    for (let at = start; at < colon; at++) length = length * 10 + ((this.#bytes[at] ?? 0) - ZERO)
    const end = colon + 1 + length
    if (end > this.#bytes.length) throw new Error('a string longer than the bytes')
    return { start: colon + 1, end }
  }

  #integer(start: number): number {
    const from = start + (this.#bytes[start + 1] === MINUS ? 2 : 1)
    const end = this.#digits(from)
    if (end === from || this.#bytes[end] !== END) throw new Error(`no number at byte ${start}`)
    return end + 1
  }

  /** @returns where the digits end that begin there */
  #digits(start: number): number {
    let at = start
    while (isDigit(this.#bytes[at])) at++
    return at
  }
}

/** Compared byte by byte: to make text of a hundred thousand keys takes longer than all the rest. */
function isAt(bytes: Uint8Array, { start, end }: Span, text: string): boolean {
  if (end - start !== text.length) return false
  for (let at = 0; at < text.length; at++) if (bytes[start + at] !== text.charCodeAt(at)) return false
  return true
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE
}
