import { decode } from '../../lib/bencoding.ts'
import type { Work } from '../../lib/in-turns.ts'
import { messageOf, SelfStremeError } from '../errors.ts'
import { dictionarySpans, listSpans, type Span } from './bencode-spans.ts'

const [LETTER_D, LETTER_I, LETTER_L, COLON, MINUS, ZERO] = [...'dil:-0'].map((letter) =>
  letter.charCodeAt(0),
) as [number, number, number, number, number, number]

/** The values of a dictionary, still encoded. */
export interface Fields {
  /** The value of a key; the first one if the key is repeated, as in libtorrent. */
  get(key: string): Uint8Array | undefined
  /** Every value of a key. */
  all(key: string): readonly Uint8Array[]
}

/** @throws SelfStremeError `torrent.invalid` */
export function* encodedFields(bytes: Uint8Array, keys: ReadonlySet<string>): Work<Fields> {
  const spans = yield* orNotBencoded(dictionarySpans(bytes, keys))
  const at = ({ start, end }: Span) => bytes.subarray(start, end)
  return {
    get(key) {
      const [first] = spans?.get(key) ?? []
      return first && at(first)
    },
    all: (key) => (spans?.get(key) ?? []).map(at),
  }
}

/**
 * The first `most` values of a list, still encoded; `undefined` if it is not a list. @throws as {@link encodedFields}
 */
export function* encodedItems(bytes: Uint8Array, most: number): Work<readonly Uint8Array[] | undefined> {
  const spans = yield* orNotBencoded(listSpans(bytes, most))
  if (!spans) return undefined
  const items: Uint8Array[] = []
  for (const { start, end } of spans) {
    items.push(bytes.subarray(start, end))
    if (items.length % 1_000 === 0) yield
  }
  return items
}

/**
 * A number, or the bytes of a string; `undefined` for anything else, which may be large and slow to decode. Leading
 * zeros of a number are ignored.
 *
 * @param encoded - one value, as found
 */
export function plain(encoded: Uint8Array | undefined): number | Uint8Array | undefined {
  if (encoded === undefined || isNested(encoded)) return undefined
  return encoded[0] === LETTER_I ? integer(encoded) : encoded.subarray(encoded.indexOf(COLON) + 1)
}

/** Decodes any value; not for large ones. @throws SelfStremeError `torrent.invalid` */
export function decoded(encoded: Uint8Array | undefined): unknown {
  if (encoded === undefined) return undefined
  try {
    return decode(encoded)
  } catch (cause) {
    throw notBencoded(cause)
  }
}

export function isText(encoded: Uint8Array): boolean {
  return !isNested(encoded) && encoded[0] !== LETTER_I
}

function isNested([kind]: Uint8Array): boolean {
  return kind === LETTER_D || kind === LETTER_L
}

function integer(encoded: Uint8Array): number {
  const isNegative = encoded[1] === MINUS
  let value = 0
  for (const digit of encoded.subarray(isNegative ? 2 : 1, -1)) value = value * 10 + (digit - ZERO)
  return isNegative && value !== 0 ? -value : value
}

function* orNotBencoded<T>(work: Work<T>): Work<T> {
  try {
    return yield* work
  } catch (cause) {
    throw notBencoded(cause)
  }
}

function notBencoded(cause: unknown): SelfStremeError {
  return new SelfStremeError('torrent.invalid', `the metadata is not bencoded: ${messageOf(cause)}`, {
    cause,
  })
}
