import { isIP } from 'node:net'
import { decode, encode } from '../../lib/bencoding.ts'
import { parseIpAddress } from '../../lib/ip-address.ts'

/** Bytes of an address with its port (BEP 23 and 7). */
const ENTRY_BYTES = { peers: 6, peers6: 18 } as const
/** Length of messages, and of the id, which is sent back with every request. */
const MAX_TEXT_LENGTH = 500
const utf8 = new TextDecoder()

type PeerList = keyof typeof ENTRY_BYTES

/**
 * An answer of an HTTP tracker in the one form that bittorrent-tracker 11.2.3 parses correctly: compact lists of peers. It
 * decodes text as bytes, so in a list of dictionaries (BEP 3) it finds peers named `49,50,55:6881`. One surplus byte in a
 * compact list makes it lose all peers, and it throws on a message that is not text.
 *
 * Malformed parts are dropped. So are peers with a host name, because it would have to be looked up.
 *
 * @returns the same bytes if they are not a dictionary; the client refuses them
 */
export function readableAnswer(bytes: Uint8Array): Uint8Array {
  const answer = tryDecode(bytes)
  if (!isDictionary(answer)) return bytes
  const entries = [...entriesOf(answer, 'peers'), ...entriesOf(answer, 'peers6')]
  const listOf = (list: PeerList) =>
    Buffer.concat(entries.filter(({ length }) => length === ENTRY_BYTES[list]))
  return encode({
    'failure reason': failureOf(answer['failure reason']),
    'warning message': textOf(answer['warning message']),
    'tracker id': idOf(answer['tracker id']),
    interval: countOf(answer.interval),
    'min interval': countOf(answer['min interval']),
    complete: countOf(answer.complete),
    incomplete: countOf(answer.incomplete),
    peers: listOf('peers'),
    peers6: listOf('peers6'),
  })
}

/** The peers of a list in either form, each as a compact entry of 6 or 18 bytes. */
function entriesOf(answer: Readonly<Record<string, unknown>>, list: PeerList): Uint8Array[] {
  const value = answer[list]
  if (Array.isArray(value)) return value.flatMap((peer) => compactEntry(peer) ?? [])
  if (!(value instanceof Uint8Array)) return []
  const size = ENTRY_BYTES[list]
  return Array.from({ length: Math.floor(value.length / size) }, (_, index) =>
    value.subarray(index * size, (index + 1) * size),
  )
}

/** @param peer - `{ ip, port }`; `peer id` does not matter */
function compactEntry(peer: unknown): Uint8Array | undefined {
  if (!isDictionary(peer)) return undefined
  const host = textOf(peer.ip)?.replace(/^\[|\]$/g, '') ?? ''
  const port = countOf(peer.port)
  if (isIP(host) === 0 || host.includes('%') || port === undefined || port < 1 || port > 65_535)
    return undefined
  // `::ffff:192.0.2.1` is an IPv4 address.
  return Uint8Array.of(...(parseIpAddress(host)?.bytes ?? []), port >> 8, port & 255)
}

/** The reason of a refusal, which may be missing. */
function failureOf(value: unknown): string | undefined {
  if (value === undefined || value === 0) return undefined
  if (value instanceof Uint8Array && value.length === 0) return undefined
  return textOf(value) ?? 'the tracker gave no reason'
}

/** The id in the tracker's own bytes, as it has to be sent back unchanged. */
function idOf(value: unknown): Uint8Array | string | undefined {
  if (!(value instanceof Uint8Array)) return textOf(value)
  return value.length > 0 && value.length <= MAX_TEXT_LENGTH ? value : undefined
}

function textOf(value: unknown): string | undefined {
  if (Number.isSafeInteger(value)) return String(value)
  if (!(value instanceof Uint8Array)) return undefined
  return utf8.decode(value.subarray(0, MAX_TEXT_LENGTH)).trim() || undefined
}

/** Some trackers write numbers as text. */
function countOf(value: unknown): number | undefined {
  const text = textOf(value) ?? ''
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined
}

function tryDecode(bytes: Uint8Array): unknown {
  try {
    return decode(bytes)
  } catch {
    return undefined
  }
}

function isDictionary(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value)
}
