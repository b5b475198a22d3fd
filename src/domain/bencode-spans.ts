import { DEEPEST, MOST_ITEMS } from './bencoding.ts'

/** Where a value lies: `bytes.subarray(start, end)`. */
export interface Span {
  readonly start: number
  readonly end: number
}

const [COLON, DICTIONARY, END, INTEGER, LIST, MINUS, ZERO, NINE] = [...':deil-09'].map((letter) =>
  letter.charCodeAt(0),
) as [number, number, number, number, number, number, number, number]
/** A length of more digits is longer than any bytes. */
const MOST_LENGTH_DIGITS = 12

/**
 * Where the values of the outermost dictionary lie. Nothing is decoded and nothing is searched for: the time grows with
 * the number of bytes, whatever stands in them. Bytes behind the dictionary do not count.
 *
 * @param wanted - letters of one byte each; other keys are passed over
 * @returns by key; `undefined` for what is not a dictionary
 * @throws Error when it is not bencoded, says a key twice, or has more items or levels than the decoder takes
 */
export function dictionarySpans(
  bytes: Uint8Array,
  wanted: ReadonlySet<string>,
): ReadonlyMap<string, Span> | undefined {
  const scanner = new Scanner(bytes)
  if (bytes[0] !== DICTIONARY) {
    if (bytes.length > 0) scanner.value(0)
    return undefined
  }
  const spans = new Map<string, Span>()
  const keys = [...wanted]
  let at = 1
  while (bytes[at] !== END) {
    const name = scanner.string(at)
    at = scanner.value(name.end)
    const key = keys.find((each) => isAt(bytes, name, each))
    if (key === undefined) continue
    if (spans.has(key)) throw new Error(`the key "${key.slice(0, 40)}" stands there twice`)
    spans.set(key, { start: name.end, end: at })
  }
  return spans
}

/**
 * Where the values of a list lie.
 *
 * @param bytes - one value, as {@link dictionarySpans} found it
 * @returns `undefined` for what is not a list
 * @throws as {@link dictionarySpans}
 */
export function listSpans(bytes: Uint8Array): readonly Span[] | undefined {
  if (bytes[0] !== LIST) return undefined
  const scanner = new Scanner(bytes)
  const spans: Span[] = []
  for (let start = 1; bytes[start] !== END; ) {
    const end = scanner.value(start)
    spans.push({ start, end })
    start = end
  }
  return spans
}

/**
 * Whether decoding a value and encoding it again gives the same bytes, so that its hash is the same for everybody: keys
 * sorted and each of them once, numbers without needless zeros (BEP 3). webtorrent encodes what it has decoded, and
 * loses numbers beyond 2^53 and keys that are not UTF-8.
 *
 * @param bytes - one value, as {@link dictionarySpans} found it
 */
export function isCanonical(bytes: Uint8Array): boolean {
  const scanner = new Scanner(bytes, true)
  scanner.value(0)
  return scanner.isCanonical
}

/** A dictionary or a list that has not ended yet. */
interface Open {
  readonly isDictionary: boolean
  lastKey: string | undefined
}

class Scanner {
  isCanonical = true
  readonly #bytes: Uint8Array
  readonly #readsKeys: boolean
  #items = 0

  /** @param readsKeys - for {@link isCanonical}; it takes most of the time */
  constructor(bytes: Uint8Array, readsKeys = false) {
    this.#bytes = bytes
    this.#readsKeys = readsKeys
  }

  /** @returns where the value that begins there ends */
  value(start: number): number {
    const open: Open[] = []
    let at = start
    do {
      const inner = open.at(-1)
      if (this.#bytes[at] === END && inner) {
        open.pop()
        at++
        continue
      }
      if (inner?.isDictionary) at = this.#key(at, inner)
      if (++this.#items > MOST_ITEMS) throw new Error(`more than ${MOST_ITEMS} items`)
      const kind = this.#bytes[at]
      if (kind === DICTIONARY || kind === LIST) {
        open.push({ isDictionary: kind === DICTIONARY, lastKey: undefined })
        if (open.length > DEEPEST) throw new Error(`nested deeper than ${DEEPEST}`)
        at++
      } else at = kind === INTEGER ? this.#integer(at) : this.string(at).end
    } while (open.length > 0)
    return at
  }

  /** @returns where the letters of a string lie, without its length in front */
  string(start: number): Span {
    const digits = this.#digits(start, MOST_LENGTH_DIGITS)
    if (digits.count === 0 || this.#bytes[digits.end] !== COLON) throw new Error(`no value at byte ${start}`)
    const end = digits.end + 1 + digits.value
    if (end > this.#bytes.length) throw new Error('a string longer than the bytes')
    return { start: digits.end + 1, end }
  }

  #key(at: number, dictionary: Open): number {
    const { start, end } = this.string(at)
    if (!this.#readsKeys) return end
    const key = decodedKey(this.#bytes.subarray(start, end))
    // Sorted as JavaScript does it, since that is what encodes it again.
    const isNext = dictionary.lastKey === undefined || (key !== undefined && dictionary.lastKey < key)
    // Set in an object, this one is no key.
    if (!isNext || key === undefined || key === '__proto__') this.isCanonical = false
    dictionary.lastKey = key
    return end
  }

  #integer(start: number): number {
    const isNegative = this.#bytes[start + 1] === MINUS
    const digits = this.#digits(start + (isNegative ? 2 : 1), Number.POSITIVE_INFINITY)
    if (digits.count === 0 || this.#bytes[digits.end] !== END) throw new Error(`no number at byte ${start}`)
    if (digits.value > Number.MAX_SAFE_INTEGER || (isNegative && digits.value === 0)) this.isCanonical = false
    return digits.end + 1
  }

  #digits(start: number, most: number): { value: number; count: number; end: number } {
    let value = 0
    let at = start
    for (let digit = this.#bytes[at]; isDigit(digit); digit = this.#bytes[++at])
      value = value * 10 + (digit - ZERO)
    const count = at - start
    if (count > most) throw new Error('a string longer than the bytes')
    if (count > 1 && this.#bytes[start] === ZERO) this.isCanonical = false
    return { value, count, end: at }
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** @returns `undefined` for a key that does not come out of a decoder as it went in */
function decodedKey(bytes: Uint8Array): string | undefined {
  try {
    const key = utf8.decode(bytes)
    return key.startsWith('\ufeff') || key.includes('\ufffd') ? undefined : key
  } catch {
    return undefined
  }
}

/** Compared byte by byte: to make text of a hundred thousand keys takes longer than all the rest. */
function isAt(bytes: Uint8Array, { start, end }: Span, text: string): boolean {
  if (end - start !== text.length) return false
  for (let at = 0; at < text.length; at++) if (bytes[start + at] !== text.charCodeAt(at)) return false
  return true
}

function isDigit(byte: number | undefined): byte is number {
  return byte !== undefined && byte >= ZERO && byte <= NINE
}
