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
/** A string with a longer length prefix cannot fit into any input. */
const MAX_LENGTH_DIGITS = 12
/** Values scanned between two yields: some tenths of a millisecond. */
const VALUES_AT_ONCE = 4_096

/**
 * Where the values of the outermost dictionary lie. Nothing is decoded, and the time is linear in the number of bytes.
 * Bytes after the dictionary are ignored. Keys may come in any order, and repeatedly.
 *
 * @param wanted - keys, ASCII; others are skipped
 * @returns all values of each key, in order; `undefined` if it is not a dictionary
 * @throws Error if it is not bencoded, or is nested deeper than the decoder accepts
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
 * @param most - number of values; the rest is not scanned
 * @returns `undefined` if it is not a list
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

/** Skips values, and can be interrupted. */
class Scanner {
  /** current position; after {@link isThrough} the end of the value */
  at = 0
  readonly #bytes: Uint8Array
  /** one entry for each open dictionary or list: whether it is a dictionary */
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

  /** Continues with a value. @returns whether its end is reached; if not, call it again */
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

  /** @returns where the bytes of a string lie, without the length prefix */
  string(start: number): Span {
    const colon = this.#digits(start)
    const count = colon - start
    if (count === 0 || this.#bytes[colon] !== COLON) throw new Error(`expected a value at byte ${start}`)
    if (count > MAX_LENGTH_DIGITS) throw new Error('a string is longer than the input')
    let length = 0
    for (let at = start; at < colon; at++) length = length * 10 + ((this.#bytes[at] ?? 0) - ZERO)
    const end = colon + 1 + length
    if (end > this.#bytes.length) throw new Error('a string is longer than the input')
    return { start: colon + 1, end }
  }

  #integer(start: number): number {
    const from = start + (this.#bytes[start + 1] === MINUS ? 2 : 1)
    const end = this.#digits(from)
    if (end === from || this.#bytes[end] !== END) throw new Error(`expected a number at byte ${start}`)
    return end + 1
  }

  /** @returns the end of the digits that begin at `start` */
  #digits(start: number): number {
    let at = start
    while (isDigit(this.#bytes[at])) at++
    return at
  }
}

/** Compares byte by byte: decoding a hundred thousand keys would take longer than everything else. */
function isAt(bytes: Uint8Array, { start, end }: Span, text: string): boolean {
  if (end - start !== text.length) return false
  for (let at = 0; at < text.length; at++) if (bytes[start + at] !== text.charCodeAt(at)) return false
  return true
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE
}
